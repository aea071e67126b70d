// SPDX-License-Identifier: BSL-1.0
#include "support/nodes.hpp"

#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

using namespace alloy::test;

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_unordered_containers_and_their_nodes, Family, families) {
    Family family;
    using ints = typename Family::template of<int>;
    using pairs = typename Family::template of<std::pair<const int, int>>;
    using hash = std::hash<int>;
    using equal = std::equal_to<>;
    const auto of_ints = [&] { return family.template make<int>(); };
    const auto of_pairs = [&] { return family.template make<std::pair<const int, int>>(); };
    std::unordered_set<int, hash, equal, ints> set(of_ints());
    std::unordered_set<int, hash, equal, ints> set2(of_ints());
    exercise_keys(set, set2, false);
    std::unordered_multiset<int, hash, equal, ints> multiset(of_ints());
    std::unordered_multiset<int, hash, equal, ints> multiset2(of_ints());
    exercise_keys(multiset, multiset2, true);
    std::unordered_map<int, int, hash, equal, pairs> map(of_pairs());
    std::unordered_map<int, int, hash, equal, pairs> map2(of_pairs());
    exercise_entries(map, map2);
    std::unordered_multimap<int, int, hash, equal, pairs> multimap(of_pairs());
    std::unordered_multimap<int, int, hash, equal, pairs> multimap2(of_pairs());
    exercise_entries(multimap, multimap2);
    map2.rehash(10'000);
    BOOST_TEST(map2.bucket_count() >= 10'000U);
}
