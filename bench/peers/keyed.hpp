// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Containers that find a key, and what is done alike with all of them.

#include "blocks.hpp"
#include "fill.hpp"
#include "random.hpp"

#include <boost/container/flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace alloy::bench {

template <class Allocator>
using tree_map = std::map<word, word, std::less<>, rebound<Allocator, std::pair<const word, word>>>;

template <class Allocator>
using tree_set = std::set<word, std::less<>, rebound<Allocator, word>>;

template <class Allocator>
using hash_map = std::unordered_map<word, word, std::hash<word>, std::equal_to<>,
                                    rebound<Allocator, std::pair<const word, word>>>;

template <class Allocator>
using flat_map =
    boost::container::flat_map<word, word, std::less<>, rebound<Allocator, std::pair<word, word>>>;

/// A key that this generator did not yield before.
[[nodiscard]] inline word random_key(random_numbers& from) {
    return from.below(std::numeric_limits<word>::max());
}

/// @return Where `key` now is.
template <class Container>
auto add(Container& to, word key) {
    if constexpr (requires { typename Container::mapped_type; }) {
        return to.emplace(key, key).first;
    } else {
        return to.emplace(key).first;
    }
}

/// Of an element of a map or of a set.
template <class Element>
word key_of(const Element& of) {
    if constexpr (requires { of.first; }) {
        return of.first;
    } else {
        return of;
    }
}

/// @return The sum of all `keys` that were found.
template <class Container>
word find_all(const Container& in, const std::vector<word>& keys) {
    word sum = 0;
    for (const word key : keys) { sum += key_of(*in.find(key)); }
    escape(&sum); // or one search would do for all that repeat it
    return sum;
}

/// @return The sum of all keys.
template <class Container>
word walk(const Container& all) {
    word sum = 0;
    for (const auto& each : all) { sum += key_of(each); }
    escape(&sum);
    return sum;
}

/// The same in no order.
inline std::vector<word> shuffled(const std::vector<word>& keys) {
    std::vector<word> all;
    all.reserve(keys.size());
    for (const std::uint32_t each : endings<order::shuffled>(keys.size())) {
        all.push_back(keys[each]);
    }
    return all;
}

} // namespace alloy::bench
