// SPDX-License-Identifier: BSL-1.0
#include <alloy/preset.hpp>

#define BOOST_TEST_MODULE preset
#include "support/conformance.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

using namespace alloy;

namespace {

// A stateless preset costs a container nothing.
static_assert(sizeof(std::vector<int, pool_allocator<int>>) == 24);
static_assert(sizeof(std::vector<int, local_pool_allocator<int>>) == 24);
static_assert(sizeof(std::vector<int, bitmap_allocator<int>>) == 24);
static_assert(sizeof(std::vector<int, local_bitmap_allocator<int>>) == 24);
static_assert(sizeof(std::vector<int, buddy_allocator<int>>) == 24);
static_assert(sizeof(std::vector<int, arena_allocator<int>>) == 32);
static_assert(sizeof(std::list<int, pool_allocator<int>>) == sizeof(std::list<int>));

template <class A>
constexpr bool stateless = std::is_empty_v<A> && std::is_nothrow_default_constructible_v<A> &&
                           std::allocator_traits<A>::is_always_equal::value;
static_assert(stateless<pool_allocator<int>> && stateless<local_pool_allocator<int>> &&
              stateless<bitmap_allocator<int>> && stateless<local_bitmap_allocator<int>> &&
              stateless<buddy_allocator<int>>);
static_assert(!std::is_default_constructible_v<arena_allocator<int>> &&
              !std::allocator_traits<arena_allocator<int>>::is_always_equal::value);

template <template <class> class Allocator>
using handle_in = std::remove_cvref_t<decltype(std::declval<Allocator<int>>().handle())>;
template <class T>
using in_arena = arena_allocator<T>;
static_assert(thread_safe_v<handle_in<pool_allocator>> &&
              thread_safe_v<handle_in<bitmap_allocator>> &&
              thread_safe_v<handle_in<buddy_allocator>>);
static_assert(!thread_safe_v<handle_in<local_pool_allocator>> &&
              single_threaded_v<handle_in<local_pool_allocator>>);
static_assert(!thread_safe_v<handle_in<local_bitmap_allocator>> &&
              single_threaded_v<handle_in<local_bitmap_allocator>>);
static_assert(!thread_safe_v<handle_in<in_arena>>);

/// A family gives allocators of one preset for every type.
template <template <class> class Allocator>
struct process_wide_family {
    template <class T>
    using of = Allocator<T>;
    template <class T>
    [[nodiscard]] of<T> make() {
        return {};
    }
};
struct pool_family : process_wide_family<pool_allocator> {};
struct local_pool_family : process_wide_family<local_pool_allocator> {};
struct bitmap_family : process_wide_family<bitmap_allocator> {};
struct local_bitmap_family : process_wide_family<local_bitmap_allocator> {};
struct buddy_family : process_wide_family<buddy_allocator> {};
struct arena_family {
    template <class T>
    using of = arena_allocator<T>;
    template <class T>
    [[nodiscard]] of<T> make() {
        return arena;
    }
    bump<> arena;
};
using families = std::tuple<pool_family, local_pool_family, bitmap_family, local_bitmap_family,
                            buddy_family, arena_family>;

constexpr int many = 1'000;

/// Numbers 0 to `many` - 1 in an order that is neither theirs nor the reverse.
int shuffled(int i) { return i * 387 % many; }

template <class Family>
using text = std::basic_string<char, std::char_traits<char>, typename Family::template of<char>>;

/// A string too long to live inside its object.
template <class Family>
text<Family> long_text(Family& family, int n) {
    text<Family> result("a string that is too long for the small one: ",
                        family.template make<char>());
    result += std::to_string(n);
    return result;
}

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

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_vector_and_deque, Family, families) {
    Family family;
    std::vector<int, typename Family::template of<int>> numbers(family.template make<int>());
    std::deque<int, typename Family::template of<int>> queue(family.template make<int>());
    for (int i = 0; i < 20 * many; ++i) {
        numbers.push_back(i);
        queue.push_back(i);
        queue.push_front(-i);
        if (i % 3 == 0) { queue.pop_back(); }
    }
    BOOST_TEST(numbers.size() == 20U * many);
    BOOST_TEST(std::accumulate(numbers.begin(), numbers.end(), 0LL) ==
               10LL * many * (20 * many - 1));
    BOOST_TEST(queue.front() == -(20 * many - 1));
    numbers.resize(10);
    numbers.shrink_to_fit();
    numbers.insert(numbers.begin() + 5, 3, 77);
    BOOST_TEST(numbers[6] == 77);
    BOOST_TEST(numbers.back() == 9);

    auto copy = queue;
    BOOST_TEST((copy == queue));
    auto moved = std::move(copy);
    BOOST_TEST((moved == queue));
    queue.clear();
    queue = moved;
    BOOST_TEST(queue.size() == moved.size());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_the_vector_of_bits, Family, families) {
    Family family;
    std::vector<bool, typename Family::template of<bool>> bits(family.template make<bool>());
    for (int i = 0; i < 10 * many; ++i) { bits.push_back(i % 3 == 0); }
    bits.insert(bits.begin(), 100, true);
    bits.flip();
    BOOST_TEST(std::count(bits.begin(), bits.end(), false) == 100 + 10 * many / 3 + 1);
    const auto copy = bits;
    bits.clear();
    bits.shrink_to_fit();
    bits = copy;
    BOOST_TEST((bits == copy));
    BOOST_TEST(bits[101]);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_lists, Family, families) {
    Family family;
    using ints = typename Family::template of<int>;
    std::list<int, ints> list(family.template make<int>());
    std::list<int, ints> other(family.template make<int>());
    std::forward_list<int, ints> forward(family.template make<int>());
    for (int i = 0; i < many; ++i) {
        list.push_back(shuffled(i));
        other.push_front(i);
        forward.push_front(shuffled(i));
    }
    list.sort();
    forward.sort();
    BOOST_TEST(std::equal(list.begin(), list.end(), forward.begin(), forward.end()));
    list.splice(list.begin(), other);
    BOOST_TEST(list.size() == 2U * many);
    BOOST_TEST(list.front() == many - 1);
    list.remove_if([](int n) { return n % 2 == 0; });
    BOOST_TEST(list.size() == 1U * many);
    forward.reverse();
    forward.remove(0);
    BOOST_TEST(forward.front() == many - 1);
    std::list<int, ints> half({1, 3, 5}, family.template make<int>());
    list.sort();
    list.merge(half);
    BOOST_TEST(list.size() == many + 3U);
    const auto copy = list;
    const auto moved = std::move(list);
    BOOST_TEST((copy == moved));
}

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

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_strings_and_containers_of_them, Family, families) {
    Family family;
    using string = text<Family>;
    std::vector<string, typename Family::template of<string>> lines(family.template make<string>());
    for (int i = 0; i < many; ++i) { lines.push_back(long_text(family, shuffled(i))); }
    std::sort(lines.begin(), lines.end());
    BOOST_TEST((lines.front() == long_text(family, 0)));
    string all(family.template make<char>());
    for (const string& line : lines) { all += line + '\n'; }
    BOOST_TEST(std::count(all.begin(), all.end(), '\n') == many);
    BOOST_TEST(all.find(long_text(family, 777)) != string::npos);
    all.resize(3);
    all.shrink_to_fit();
    BOOST_TEST(all == "a s");

    using entry = std::pair<const string, int>;
    std::map<string, int, std::less<>, typename Family::template of<entry>> index(
        family.template make<entry>());
    for (int i = 0; i < many; ++i) { index.emplace(long_text(family, i % 100), i); }
    BOOST_TEST(index.size() == 100U);
    std::basic_string<char32_t, std::char_traits<char32_t>, typename Family::template of<char32_t>>
        wide(50, U'x', family.template make<char32_t>());
    wide.append(500, U'y');
    BOOST_TEST((wide[549] == U'y'));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_adaptors, Family, families) {
    Family family;
    using ints = typename Family::template of<int>;
    const ints alloc = family.template make<int>();
    std::stack<int, std::vector<int, ints>> stack(alloc);
    std::queue<int, std::deque<int, ints>> queue(alloc);
    std::queue<int, std::list<int, ints>> linked(alloc);
    std::priority_queue<int, std::vector<int, ints>> heap(alloc);
    for (int i = 0; i < many; ++i) {
        stack.push(i);
        queue.push(i);
        linked.push(i);
        heap.push(shuffled(i));
        if (i % 4 == 3) {
            stack.pop();
            queue.pop();
            linked.pop();
        }
    }
    BOOST_TEST(stack.top() == many - 2);
    BOOST_TEST(queue.front() == many / 4);
    BOOST_TEST(linked.front() == many / 4);
    for (int i = many - 1; i >= 0; --i) {
        BOOST_TEST_REQUIRE(heap.top() == i);
        heap.pop();
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_shared_pointers, Family, families) {
    Family family;
    using string = text<Family>;
    std::weak_ptr<string> weak;
    {
        const auto alloc = family.template make<string>();
        const auto first = std::allocate_shared<string>(alloc, long_text(family, 1));
        const std::shared_ptr<string> second = first;
        weak = second;
        const std::shared_ptr<int> with_deleter(new int(3), std::default_delete<int>{},
                                                family.template make<int>());
        BOOST_TEST((*second == long_text(family, 1)));
        BOOST_TEST(*with_deleter == 3);
    }
    BOOST_TEST(weak.expired());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_containers_inside_containers, Family, families) {
    Family family;
    using row = std::vector<int, typename Family::template of<int>>;
    std::list<row, typename Family::template of<row>> rows(family.template make<row>());
    for (int i = 0; i < 100; ++i) {
        rows.emplace_back(static_cast<std::size_t>(i), i, family.template make<int>());
    }
    rows.remove_if([](const row& each) { return each.size() % 3 != 0; });
    BOOST_TEST(rows.size() == 34U);
    BOOST_TEST(rows.back() == row(99, 99, family.template make<int>()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(never_hands_out_a_misaligned_block, Family, families) {
    Family family;
    auto handle = family.template make<int>().handle();
    test::never_misaligned(handle);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(aligns_every_type, Family, families) {
    Family family;
    const auto aligns =
        [&]<std::size_t Size, std::size_t Align>(std::integral_constant<std::size_t, Size>,
                                                 std::integral_constant<std::size_t, Align>) {
            struct alignas(Align) object {
                char bytes[Size];
            };
            auto alloc = family.template make<object>();
            std::vector<std::pair<object*, std::size_t>> live;
            for (std::size_t i = 0; i < 200; ++i) {
                const std::size_t n = 1 + i % 5;
                live.emplace_back(alloc.allocate(n), n);
                BOOST_TEST_REQUIRE(detail::is_aligned(live.back().first, Align));
            }
            for (const auto& [at, n] : live) { alloc.deallocate(at, n); }
        };
    const auto sizes = [&]<std::size_t Align>(std::integral_constant<std::size_t, Align> align) {
        aligns(std::integral_constant<std::size_t, 1>{}, align);
        aligns(std::integral_constant<std::size_t, 24>{}, align);
        aligns(std::integral_constant<std::size_t, 40>{}, align);
        aligns(std::integral_constant<std::size_t, 100>{}, align);
    };
    sizes(std::integral_constant<std::size_t, 1>{});
    sizes(std::integral_constant<std::size_t, 8>{});
    sizes(std::integral_constant<std::size_t, 16>{});
    sizes(std::integral_constant<std::size_t, 32>{});
    sizes(std::integral_constant<std::size_t, 64>{});
    sizes(std::integral_constant<std::size_t, 256>{});
}

using for_threads = std::tuple<pool_family, bitmap_family, buddy_family>;

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_many_threads_at_once, Family, for_threads) {
    std::atomic<int> faults{0}; // Boost.Test does not count across threads
    const auto work = [&faults](int seed) {
        Family family;
        using pairs = typename Family::template of<std::pair<const int, int>>;
        for (int round = 0; round < 5; ++round) {
            std::map<int, int, std::less<>, pairs> map(
                family.template make<std::pair<const int, int>>());
            std::list<text<Family>, typename Family::template of<text<Family>>> list(
                family.template make<text<Family>>());
            for (int i = 0; i < 300; ++i) {
                map[shuffled(i) + seed] = i;
                list.push_back(long_text(family, i));
            }
            for (int i = 0; i < 300; ++i) {
                if (map[shuffled(i) + seed] != i) { ++faults; }
                if (list.front() != long_text(family, i)) { ++faults; }
                list.pop_front();
            }
        }
    };
    std::vector<std::thread> threads;
    for (int seed = 0; seed < 4; ++seed) { threads.emplace_back(work, seed); }
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(faults == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(ends_in_one_thread_what_another_built, Family, for_threads) {
    Family family;
    std::list<int, typename Family::template of<int>> list(family.template make<int>());
    std::thread([&] {
        for (int i = 0; i < many; ++i) { list.push_back(i); }
    }).join();
    BOOST_TEST(std::accumulate(list.begin(), list.end(), 0) == many * (many - 1) / 2);
    list.clear();
    BOOST_TEST(list.empty());
}

using process_wide_families =
    std::tuple<pool_family, local_pool_family, bitmap_family, local_bitmap_family, buddy_family>;

BOOST_AUTO_TEST_CASE_TEMPLATE(reaches_one_instance_from_all_types, Family, process_wide_families) {
    auto ints = Family{}.template make<int>();
    auto floats = Family{}.template make<float>();
    int* const at = ints.allocate(1);
    ints.deallocate(at, 1);
    float* const same = floats.allocate(1);
    BOOST_TEST(static_cast<void*>(same) == static_cast<void*>(at));
    floats.deallocate(same, 1);
    BOOST_TEST((ints == floats));
}

BOOST_AUTO_TEST_CASE(returns_all_memory_of_an_arena_with_it) {
    bump<> arena;
    std::vector<int, arena_allocator<int>> numbers({1, 2, 3}, arena);
    BOOST_TEST(arena.held() > 0U);
    BOOST_TEST((numbers.get_allocator() == arena_allocator<long>(arena)));
    numbers = std::vector<int, arena_allocator<int>>(arena);
    arena.release();
    BOOST_TEST(arena.held() == 0U);
}
