// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::json_sample`: a JSON text to be parsed.

#include "random_letters.hpp"

#include "peers/random.hpp"

#include <cstdint>
#include <string>

namespace alloy::bench {

/// An array of small documents, each of random depth and breadth. Half of the strings are too long
/// to do without memory of their own.
class json_sample {
public:
    explicit json_sample(std::uint64_t documents) {
        list('[', ']', documents, [&](std::uint64_t /*which*/) { object(4); });
    }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] std::uint64_t values() const noexcept { return values_; }

private:
    void value(int depth) {
        switch (random_.below(depth > 0 ? 8 : 5)) {
        case 0:
            return leaf("null");
        case 1:
            return leaf(random_.below(2) == 0 ? "true" : "false");
        case 2:
            return leaf(std::to_string(random_.below(1'000'000)));
        case 3:
        case 4:
            return leaf('"' + random_letters(random_, 3, 28) + '"');
        case 5:
            return array(depth);
        default:
            return object(depth);
        }
    }

    void array(int depth) {
        list('[', ']', random_.below(8), [&](std::uint64_t /*which*/) { value(depth - 1); });
    }

    void object(int depth) {
        list('{', '}', 1 + random_.below(8), [&](std::uint64_t which) {
            text_ += '"' + random_letters(random_, 3, 20) + std::to_string(which) + "\": ";
            value(depth - 1);
        });
    }

    void leaf(const std::string& spelling) {
        ++values_;
        text_ += spelling;
    }

    template <class Element>
    void list(char begin, char end, std::uint64_t size, Element element) {
        ++values_;
        text_ += begin;
        for (std::uint64_t which = 0; which < size; ++which) {
            if (which > 0) { text_ += ", "; }
            element(which);
        }
        text_ += end;
    }

    random_numbers random_{0};
    std::string text_;
    std::uint64_t values_ = 0;
};

} // namespace alloy::bench
