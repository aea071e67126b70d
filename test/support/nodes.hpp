// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What every container of keys or entries must do with its nodes, ordered or hashed.

#include "families.hpp"

#include <utility>

namespace alloy::test {

/// Inserts, erases and moves nodes of a container without order or with one.
template <class Set>
void exercise_keys(Set& set, Set& other, bool several) {
    for (int i = 0; i < many; ++i) { set.insert(shuffled(i)); }
    for (int i = 0; i < many; ++i) { set.insert(i); }
    BOOST_TEST(set.size() == (several ? 2U * many : 1U * many));
    for (int i = 0; i < many; i += 2) { set.erase(i); }
    BOOST_TEST(set.size() == (several ? 1U * many : many / 2U));
    BOOST_TEST((set.find(501) != set.end()));
    BOOST_TEST((set.find(500) == set.end()));

    auto node = set.extract(501);
    BOOST_TEST_REQUIRE(!node.empty());
    node.value() = 500;
    other.insert(std::move(node));
    other.insert(7'000);
    set.merge(other);
    BOOST_TEST((set.find(500) != set.end()));
    BOOST_TEST((set.find(7'000) != set.end()));
    BOOST_TEST(other.empty());

    Set copy = set;
    BOOST_TEST((copy == set));
    const Set moved = std::move(copy);
    BOOST_TEST((moved == set));
    using std::swap;
    swap(set, other);
    BOOST_TEST(set.empty());
    set = other;
    BOOST_TEST((set == moved));
    other.clear();
    other = std::move(set);
    BOOST_TEST((other == moved));
}

/// The same for entries.
template <class Map>
void exercise_entries(Map& map, Map& other) {
    for (int i = 0; i < many; ++i) { map.emplace(shuffled(i), -i); }
    BOOST_TEST(map.size() == 1U * many);
    for (int i = 1; i < many; i += 2) { map.erase(i); }
    BOOST_TEST(map.size() == many / 2U);
    auto node = map.extract(500);
    BOOST_TEST_REQUIRE(!node.empty());
    node.key() = 501;
    other.insert(std::move(node));
    map.merge(other);
    BOOST_TEST((map.find(501) != map.end()));
    const Map copy = map;
    BOOST_TEST((copy == map));
    other = std::move(map);
    BOOST_TEST((copy == other));
}

} // namespace alloy::test
