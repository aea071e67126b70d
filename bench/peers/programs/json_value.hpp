// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::json_value`: a JSON document as a tree of standard containers.

#include "peers/blocks.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace alloy::bench {

/// @tparam Allocator Any standard allocator, with or without state.
template <class Allocator>
struct json_value {
    using string = std::basic_string<char, std::char_traits<char>, rebound<Allocator, char>>;
    using array = std::vector<json_value, rebound<Allocator, json_value>>;
    using object = std::map<string, json_value, std::less<>,
                            rebound<Allocator, std::pair<const string, json_value>>>;

    std::variant<std::nullptr_t, bool, word, string, array, object> content;
};

/// Walks over a document. @return A sum of all that is in it.
template <class Allocator>
word sum_of(const json_value<Allocator>& value) {
    using json = json_value<Allocator>;
    struct {
        word operator()(std::nullptr_t) const { return 1; }
        word operator()(bool truth) const { return truth ? 3 : 2; }
        word operator()(word number) const { return number; }
        word operator()(const typename json::string& text) const {
            return text.size() + static_cast<word>(text.back());
        }
        word operator()(const typename json::array& elements) const {
            word sum = 0;
            for (const json& each : elements) { sum += sum_of(each); }
            return sum;
        }
        word operator()(const typename json::object& members) const {
            word sum = 0;
            for (const auto& [name, each] : members) { sum += name.size() * sum_of(each); }
            return sum;
        }
    } const sum;
    return std::visit(sum, value.content);
}

} // namespace alloy::bench
