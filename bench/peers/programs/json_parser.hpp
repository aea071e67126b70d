// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::json_parser`: from a text to a tree of values.

#include "json_value.hpp"

#include "peers/blocks.hpp"

#include <charconv>
#include <cstddef>
#include <string_view>
#include <utility>

namespace alloy::bench {

/// Descends into a well-formed text without escapes or fractions.
template <class Allocator>
class json_parser {
    using json = json_value<Allocator>;
    using string = typename json::string;
    using array = typename json::array;
    using object = typename json::object;

public:
    json_parser(std::string_view text, const Allocator& allocator)
        : rest_(text), allocator_(allocator) {}

    [[nodiscard]] json parse() {
        switch (next()) {
        case 'n':
            return skip(4), holding(nullptr);
        case 't':
            return skip(4), holding(true);
        case 'f':
            return skip(5), holding(false);
        case '"':
            return holding(text());
        case '[':
            return holding(elements());
        case '{':
            return holding(members());
        default:
            return holding(number());
        }
    }

private:
    // Named, not deduced: that would try out constructors that an allocator with state forbids.
    template <class Content>
    static json holding(Content content) {
        return {decltype(json::content)(std::in_place_type<Content>, std::move(content))};
    }

    array elements() {
        array all(allocator_);
        for (skip(1); next() != ']';) { all.push_back(parse()); }
        skip(1);
        return all;
    }

    object members() {
        object all(allocator_);
        for (skip(1); next() != '}';) {
            string name = text();
            all.emplace(std::move(name), parse());
        }
        skip(1);
        return all;
    }

    string text() {
        skip(1);
        const std::string_view letters = rest_.substr(0, rest_.find('"'));
        skip(letters.size() + 1);
        return string(letters, allocator_);
    }

    word number() {
        word number = 0;
        const char* const begin = rest_.data();
        skip(static_cast<std::size_t>(std::from_chars(begin, begin + rest_.size(), number).ptr -
                                      begin));
        return number;
    }

    // The first character that says something.
    char next() {
        skip(rest_.find_first_not_of(" ,:"));
        return rest_.front();
    }

    void skip(std::size_t characters) { rest_.remove_prefix(characters); }

    std::string_view rest_;
    Allocator allocator_;
};

} // namespace alloy::bench
