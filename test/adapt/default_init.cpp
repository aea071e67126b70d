// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/default_init.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/new.hpp>

#include "support/shelf.hpp"
#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <scoped_allocator>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;

namespace {

template <class T>
using plain = default_init<std::allocator<T>>;
template <class T>
using in_arena = default_init<allocator<T, ref<bump<>>>>;
template <class T>
using stateless = default_init<allocator<T, new_source>>;

template <class A>
using traits = std::allocator_traits<A>;
static_assert(std::is_same_v<traits<plain<int>>::rebind_alloc<long>, plain<long>>);
static_assert(std::is_same_v<traits<in_arena<int>>::rebind_alloc<long>, in_arena<long>>);
static_assert(traits<plain<int>>::is_always_equal::value && std::is_empty_v<plain<int>> &&
              traits<stateless<int>>::is_always_equal::value && std::is_empty_v<stateless<int>>);
static_assert(!traits<in_arena<int>>::is_always_equal::value &&
              !std::is_default_constructible_v<in_arena<int>> &&
              sizeof(in_arena<int>) == sizeof(void*));
static_assert(traits<in_arena<int>>::propagate_on_container_move_assignment::value &&
              !traits<in_arena<int>>::propagate_on_container_copy_assignment::value &&
              traits<in_arena<int>>::propagate_on_container_swap::value);
static_assert(std::is_nothrow_copy_constructible_v<in_arena<int>> &&
              std::is_nothrow_move_constructible_v<in_arena<int>> &&
              std::is_nothrow_constructible_v<in_arena<int>, const in_arena<long>&> &&
              std::is_convertible_v<const in_arena<long>&, in_arena<int>>);
static_assert(std::is_convertible_v<bump<>&, in_arena<int>> &&
              !std::is_constructible_v<in_arena<int>, int>);
static_assert(!std::is_constructible_v<plain<int>, const in_arena<int>&>);
static_assert(sizeof(std::vector<int, stateless<int>>) == sizeof(std::vector<int>));
static_assert(noexcept(std::declval<plain<int>&>().construct(static_cast<int*>(nullptr))));

/// Cannot be made without a value, by two.
struct pair_of {
    pair_of(int& one, std::unique_ptr<int> two) : first(&one), second(std::move(two)) {}
    int* first;
    std::unique_ptr<int> second;
};

struct throwing {
    static inline int left = 0;
    throwing() {
        if (left-- == 0) { throw std::runtime_error("no more"); }
    }
};

#if defined(__cpp_lib_constexpr_vector) && !defined(_GLIBCXX_DEBUG)
constexpr int sum_of_three() {
    std::vector<int, plain<int>> vector(3);
    vector.push_back(4);
    return vector[0] + vector[2] + vector[3];
}
static_assert(sum_of_three() == 4, "there are no indeterminate values in a constant expression");
#endif

} // namespace

BOOST_AUTO_TEST_CASE(does_not_touch_what_a_vector_grows_by) {
    std::array<std::byte, 4'096> bytes{};
    bytes.fill(std::byte{0xAB});
    test::shelf source{bytes};
    using alloc = allocator<unsigned char, ref<test::shelf>>;
    std::vector<unsigned char, default_init<alloc>> vector(1'000, alloc{source});
    BOOST_TEST(std::count(vector.begin(), vector.end(), 0xAB) == 1'000);
    vector.resize(2'000);
    BOOST_TEST(std::count(vector.begin(), vector.end(), 0xAB) == 2'000);
    const std::vector<unsigned char, alloc> cleared(1'000, alloc{source});
    BOOST_TEST(std::count(cleared.begin(), cleared.end(), 0) == 1'000);
}

BOOST_AUTO_TEST_CASE(keeps_every_value_that_is_given) {
    std::vector<int, plain<int>> vector(3, 7);
    vector.resize(5, 8);
    vector.push_back(9);
    vector.emplace_back(10);
    vector.emplace_back() = 11;
    BOOST_TEST((vector == std::vector<int, plain<int>>{7, 7, 7, 8, 8, 9, 10, 11}));
    int one = 1;
    std::vector<pair_of, plain<pair_of>> pairs;
    pairs.emplace_back(one, std::make_unique<int>(2));
    BOOST_TEST(pairs.back().first == &one);
    BOOST_TEST(*pairs.back().second == 2);
}

BOOST_AUTO_TEST_CASE(constructs_what_has_a_constructor) {
    const std::vector<std::string, plain<std::string>> strings(10);
    BOOST_TEST(strings.back().empty());
    const std::vector<std::unique_ptr<int>, stateless<std::unique_ptr<int>>> pointers(10);
    BOOST_TEST((pointers.back() == nullptr));
    throwing::left = 3;
    BOOST_CHECK_THROW((std::vector<throwing, plain<throwing>>(10)), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(reaches_the_same_policy_after_every_rebind_and_compares_as_it_does) {
    bump<> arena;
    bump<> other;
    const in_arena<int> a{arena};
    const in_arena<long> b{a};
    BOOST_TEST((a == b));
    BOOST_TEST((in_arena<int>{b} == a));
    BOOST_TEST((a != in_arena<long>{other}));
    BOOST_TEST((plain<int>{} == plain<long>{}));
    BOOST_TEST((traits<in_arena<int>>::select_on_container_copy_construction(a) == a));
    std::map<int, int, std::less<>, in_arena<std::pair<const int, int>>> map(a);
    std::list<int, in_arena<int>> list({1, 2}, a);
    for (int i = 0; i < 100; ++i) { map[i] += i; }
    const auto copy = map;
    BOOST_TEST((copy.get_allocator() == map.get_allocator()));
    std::list<int, in_arena<int>> moved = std::move(list);
    BOOST_TEST(moved.size() == 2U);
    BOOST_TEST(map[99] == 99);
    BOOST_TEST(arena.held() != 0U);
    BOOST_TEST(other.held() == 0U);
}

BOOST_AUTO_TEST_CASE(leaves_construction_to_an_allocator_that_has_a_way_of_its_own) {
    std::array<std::byte, 4'096> bytes{};
    bytes.fill(std::byte{0xAB});
    std::pmr::monotonic_buffer_resource resource(bytes.data(), bytes.size(),
                                                 std::pmr::null_memory_resource());
    using alloc = default_init<std::pmr::polymorphic_allocator<std::pmr::string>>;
    std::vector<std::pmr::string, alloc> strings(2, alloc{&resource});
    BOOST_TEST(strings.back().get_allocator().resource() == &resource);
    strings.emplace_back("a text that needs memory of its own, from the resource");
    BOOST_TEST(strings.back().get_allocator().resource() == &resource);
    using chars = default_init<std::pmr::polymorphic_allocator<unsigned char>>;
    const std::vector<unsigned char, chars> untouched(100, chars{&resource});
    BOOST_TEST(untouched.back() == 0xAB);

    using inner = std::vector<int, in_arena<int>>;
    bump<> arena;
    std::vector<inner, std::scoped_allocator_adaptor<in_arena<inner>>> nested(
        in_arena<inner>{arena});
    nested.emplace_back();
    BOOST_TEST((nested.back().get_allocator() == in_arena<int>{arena}));
}
