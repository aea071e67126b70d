// SPDX-License-Identifier: BSL-1.0

#include "split.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace alloy::bench {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

} // namespace

void split(std::string_view text, std::vector<token>& to) {
    std::uint32_t line = 1;
    for (std::size_t at = 0; at < text.size();) {
        if (!is_letter(text[at]) && !is_digit(text[at])) {
            if (text[at] == '\n') { ++line; }
            ++at;
            continue;
        }
        const std::size_t begin = at;
        while (at < text.size() && (is_letter(text[at]) || is_digit(text[at]))) { ++at; }
        if (is_letter(text[begin])) {
            const std::string_view word = text.substr(begin, at - begin);
            to.push_back({.hash = std::hash<std::string_view>{}(word),
                          .offset = static_cast<std::uint32_t>(begin),
                          .length = static_cast<std::uint32_t>(word.size()),
                          .line = line});
        }
    }
}

} // namespace alloy::bench
