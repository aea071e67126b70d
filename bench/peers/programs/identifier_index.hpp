// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A program that knows where each name stands: a smaller one than the demo.

#include "identifier_text.hpp"

#include "peers/blocks.hpp"
#include "peers/outcome.hpp"
#include "peers/team.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace alloy::bench {

/// Calls `visit(name, offset)` for every name of a text.
template <class Visit>
void for_each_name(std::string_view text, Visit visit) {
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find(' ', begin)) != text.npos; begin = end + 1) {
        visit(text.substr(begin, end - begin), begin);
    }
}

/// From a name to the files that have it, and in each to where it stands.
template <class Allocator>
class identifier_index {
    using string = std::basic_string<char, std::char_traits<char>, rebound<Allocator, char>>;
    using offsets = std::vector<std::size_t, rebound<Allocator, std::size_t>>;
    using files = std::map<std::size_t, offsets, std::less<>,
                           rebound<Allocator, std::pair<const std::size_t, offsets>>>;

    struct hasher {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const noexcept {
            return std::hash<std::string_view>{}(name);
        }
    };

public:
    explicit identifier_index(const Allocator& allocator)
        : allocator_(allocator), names_(allocator) {}

    void add(std::size_t file, std::string_view text) {
        for_each_name(text, [&](std::string_view name, std::size_t offset) {
            auto found = names_.find(name);
            if (found == names_.end()) {
                found = names_.emplace(string(name, allocator_), files(allocator_)).first;
            }
            found->second.try_emplace(file, offsets(allocator_)).first->second.push_back(offset);
        });
    }

    void remove(std::size_t file, std::string_view text) {
        for_each_name(text, [&](std::string_view name, std::size_t /*offset*/) {
            const auto found = names_.find(name);
            if (found == names_.end()) { return; }
            found->second.erase(file);
            if (found->second.empty()) { names_.erase(found); }
        });
    }

    /// How many files have the name.
    [[nodiscard]] word uses(std::string_view name) const {
        const auto found = names_.find(name);
        return found == names_.end() ? 0 : found->second.size();
    }

    /// Walks over all places. @return Their sum.
    [[nodiscard]] word sum() const {
        word sum = 0;
        for (const auto& [name, in] : names_) {
            for (const auto& [file, places] : in) {
                for (const std::size_t each : places) { sum += each * file + name.size(); }
            }
        }
        return sum;
    }

private:
    Allocator allocator_;
    std::unordered_map<string, files, hasher, std::equal_to<>,
                       rebound<Allocator, std::pair<const string, files>>>
        names_;
};

/// Files are read, asked about, taken away and read again, each third in turn, walked and
/// forgotten: what an operation costs is a name's part of it.
template <class Allocator>
outcome identifier_index_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t names_each = 1'000;
    const std::vector<std::string> text = identifier_text(3 + asked.share(150), names_each);
    word sum = 0;
    team alone(1);
    alone.timed(0, [&] {
        identifier_index<Allocator> index(allocator);
        for (std::size_t i = 0; i < text.size(); ++i) { index.add(i, text[i]); }
        for_each_name(text.front(), [&](auto name, auto /*offset*/) { sum += index.uses(name); });
        for (std::size_t part = 0; part < 3; ++part) {
            for (std::size_t i = part; i < text.size(); i += 3) { index.remove(i, text[i]); }
            for (std::size_t i = part; i < text.size(); i += 3) { index.add(i, text[i]); }
        }
        sum += index.sum();
    });
    return {alone.nanoseconds_each(text.size() * names_each), sum};
}

} // namespace alloy::bench
