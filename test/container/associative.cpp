// SPDX-License-Identifier: BSL-1.0
#include "support/nodes.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

using namespace alloy::test;

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_ordered_containers_and_their_nodes, Family, families) {
    Family family;
    using ints = typename Family::template of<int>;
    using pairs = typename Family::template of<std::pair<const int, int>>;
    std::set<int, std::less<>, ints> set(family.template make<int>());
    std::set<int, std::less<>, ints> set2(family.template make<int>());
    exercise_keys(set, set2, false);
    std::multiset<int, std::less<>, ints> multiset(family.template make<int>());
    std::multiset<int, std::less<>, ints> multiset2(family.template make<int>());
    exercise_keys(multiset, multiset2, true);
    std::map<int, int, std::less<>, pairs> map(family.template make<std::pair<const int, int>>());
    std::map<int, int, std::less<>, pairs> map2(family.template make<std::pair<const int, int>>());
    exercise_entries(map, map2);
    std::multimap<int, int, std::less<>, pairs> multimap(
        family.template make<std::pair<const int, int>>());
    std::multimap<int, int, std::less<>, pairs> multimap2(
        family.template make<std::pair<const int, int>>());
    exercise_entries(multimap, multimap2);
    map2.clear();
    for (int i = 0; i < many; ++i) { map2[shuffled(i)] += i; }
    BOOST_TEST(std::is_sorted(map2.begin(), map2.end()));
}
