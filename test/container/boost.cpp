// SPDX-License-Identifier: BSL-1.0
// Boost's containers over alloy's allocators: a process-wide pool, and an arena that a constructor
// is given.
#include <alloy/preset.hpp>

#include "support/unit_test.hpp"

#include <boost/circular_buffer.hpp>
#include <boost/container/deque.hpp>
#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>
#include <boost/container/list.hpp>
#include <boost/container/map.hpp>
#include <boost/container/slist.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/container/stable_vector.hpp>
#include <boost/container/string.hpp>
#include <boost/container/vector.hpp>
#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>
#include <boost/unordered_map.hpp>
#include <boost/unordered_set.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

using namespace alloy;

namespace {

/// Allocators of one preset for every type, and whether two of them are of one memory.
struct pooled {
    template <class T>
    using of = pool_allocator<T>;
    template <class T>
    [[nodiscard]] of<T> make() {
        return {};
    }
};
struct in_arena {
    template <class T>
    using of = arena_allocator<T>;
    template <class T>
    [[nodiscard]] of<T> make() {
        return arena;
    }
    bump<> arena;
};
using families = std::tuple<pooled, in_arena>;

constexpr int many = 1'000;

int shuffled(int i) { return i * 387 % many; }

/// Fills, thins out, copies, moves and swaps a sequence of numbers.
template <class C, class Family>
void exercise_sequence(Family& family) {
    using alloc = typename C::allocator_type; // a small_vector has one of its own
    const alloc own(family.template make<int>());
    C numbers(own);
    for (int i = 0; i < many; ++i) { numbers.insert(numbers.end(), i); }
    numbers.insert(numbers.begin(), -1);
    numbers.erase(numbers.begin());
    BOOST_TEST(std::accumulate(numbers.begin(), numbers.end(), 0) == many * (many - 1) / 2);

    Family elsewhere;
    const alloc others(elsewhere.template make<int>());
    C other(others);
    other = numbers; // keeps its own allocator
    BOOST_TEST((other == numbers));
    BOOST_TEST((other.get_allocator() == others));
    const C copy(numbers);
    BOOST_TEST((copy.get_allocator() == own));
    C target(others);
    target = std::move(numbers);
    BOOST_TEST((target == copy));
    BOOST_TEST((target.get_allocator() == own));
    other.clear();
    other.insert(other.end(), 7);
    other.swap(target);
    BOOST_TEST((other == copy));
    BOOST_TEST(target.size() == 1U);
    BOOST_TEST((other.get_allocator() == own));
}

/// Fills, thins out and copies an associative container of numbers.
template <class Map, class Alloc>
void exercise_map(const Alloc& own) {
    Map map(own);
    for (int i = 0; i < many; ++i) { map.emplace(shuffled(i), i); }
    for (int i = 0; i < many; i += 2) { map.erase(i); }
    BOOST_TEST(map.size() == many / 2U);
    map[4] = 5;
    BOOST_TEST(map.at(shuffled(3)) == 3);
    const Map copy = map;
    const Map moved = std::move(map);
    BOOST_TEST((copy == moved));
    BOOST_TEST((moved.get_allocator() == own));
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_sequences, Family, families) {
    Family family;
    using ints = typename Family::template of<int>;
    exercise_sequence<boost::container::vector<int, ints>>(family);
    exercise_sequence<boost::container::small_vector<int, 8, ints>>(family);
    exercise_sequence<boost::container::stable_vector<int, ints>>(family);
    exercise_sequence<boost::container::deque<int, ints>>(family);
    exercise_sequence<boost::container::list<int, ints>>(family);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_singly_linked_lists, Family, families) {
    Family family;
    using ints = typename Family::template of<int>;
    boost::container::slist<int, ints> single(family.template make<int>());
    for (int i = 0; i < many; ++i) { single.push_front(shuffled(i)); }
    single.sort();
    single.reverse();
    BOOST_TEST(single.front() == many - 1);
    const auto copy = single;
    const auto moved = std::move(single);
    BOOST_TEST((copy == moved));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_strings, Family, families) {
    Family family;
    using chars = typename Family::template of<char>;
    using text = boost::container::basic_string<char, std::char_traits<char>, chars>;
    text all(family.template make<char>());
    for (int i = 0; i < many; ++i) { all += std::to_string(i).c_str(); }
    BOOST_TEST(all.size() == 2'890U);
    using texts = typename Family::template of<text>;
    boost::container::vector<text, texts> lines(family.template make<text>());
    for (int i = 0; i < 100; ++i) { lines.push_back(all); }
    lines.erase(lines.begin(), lines.begin() + 50);
    BOOST_TEST((lines.back() == all));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_maps, Family, families) {
    Family family;
    using pairs = typename Family::template of<std::pair<const int, int>>;
    using flat_pairs = typename Family::template of<std::pair<int, int>>;
    using less = std::less<>;
    exercise_map<boost::container::map<int, int, less, pairs>>(
        family.template make<std::pair<const int, int>>());
    exercise_map<boost::container::flat_map<int, int, less, flat_pairs>>(
        family.template make<std::pair<int, int>>());
    using ints = typename Family::template of<int>;
    boost::container::flat_set<int, less, ints> set(family.template make<int>());
    for (int i = 0; i < many; ++i) { set.insert(shuffled(i)); }
    BOOST_TEST(std::is_sorted(set.begin(), set.end()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_hash_tables, Family, families) {
    Family family;
    using pairs = typename Family::template of<std::pair<const int, int>>;
    using hash = boost::hash<int>;
    using equal = std::equal_to<>;
    exercise_map<boost::unordered_map<int, int, hash, equal, pairs>>(
        family.template make<std::pair<const int, int>>());
    using ints = typename Family::template of<int>;
    boost::unordered_multiset<int, hash, equal, ints> set(family.template make<int>());
    for (int i = 0; i < many; ++i) { set.insert(i % 10); }
    set.rehash(5'000);
    BOOST_TEST(set.count(3) == many / 10U);
    auto node = set.extract(set.begin());
    set.insert(std::move(node));
    BOOST_TEST(set.size() == 1U * many);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_containers_of_several_indices, Family, families) {
    struct person {
        int id;
        int age;
    };
    namespace index = boost::multi_index;
    using people = boost::multi_index_container<
        person,
        index::indexed_by<index::sequenced<>,
                          index::ordered_non_unique<index::member<person, int, &person::age>>,
                          index::hashed_unique<index::member<person, int, &person::id>>>,
        typename Family::template of<person>>;
    Family family;
    people all(typename people::ctor_args_list(), family.template make<person>());
    for (int i = 0; i < many; ++i) { all.push_back({shuffled(i), i % 90}); }
    BOOST_TEST(!all.push_back({5, 5}).second);
    BOOST_TEST(all.template get<1>().count(89) == 11U);
    all.template get<1>().erase(0);
    all.template get<2>().erase(shuffled(1));
    BOOST_TEST(all.size() == many - 13U);
    const people copy = all;
    BOOST_TEST(copy.front().id == all.front().id);
    BOOST_TEST((copy.get_allocator() == family.template make<person>()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_a_ring, Family, families) {
    Family family;
    using ints = typename Family::template of<int>;
    boost::circular_buffer<int, ints> ring(64, family.template make<int>());
    for (int i = 0; i < many; ++i) { ring.push_back(i); }
    BOOST_TEST(ring.front() == many - 64);
    ring.set_capacity(128);
    ring.rotate(ring.begin() + 3);
    boost::circular_buffer<int, ints> copy = ring;
    copy.resize(10);
    BOOST_TEST(copy.front() == many - 61);
    BOOST_TEST((ring.get_allocator() == family.template make<int>()));
}
