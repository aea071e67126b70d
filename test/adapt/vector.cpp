// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/adapt/vector.hpp>

#include <alloy/adapt/shared.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/probe.hpp"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using test::dies;
using test::ledger;
using test::probe;

namespace {

using everywhere = global<locked<pool16<>>>;
using arena = bump<bump_options{}, probe>;

template <class T>
using in_arena = alloy::vector<T, ref<arena>>;
template <class T>
using probed = alloy::vector<T, ref<probe>>;

/// Throws when it is made from another as often as told, and notices if its bytes are copied.
struct brittle {
    static inline int alive = 0;
    static inline int throw_at = -1;

    brittle(int n = 0) : value(n) { enter(); }
    brittle(const brittle& other) : value(other.checked()) { enter(); }
    brittle& operator=(const brittle& other) {
        checked();
        value = other.checked();
        return *this;
    }
    ~brittle() {
        checked();
        --alive;
    }
    int checked() const {
        BOOST_TEST_REQUIRE(self == this);
        return value;
    }
    friend bool operator==(const brittle& a, const brittle& b) {
        return a.checked() == b.checked();
    }

    int value;

private:
    void enter() {
        if (throw_at >= 0 && throw_at-- == 0) { throw std::runtime_error("brittle"); }
        ++alive;
    }

    const brittle* self = this;
};

/// The same, but moves cannot throw.
struct supple : brittle {
    using brittle::brittle;
    supple(const supple&) = default;
    supple(supple&& other) noexcept : brittle(quietly(other)) { other.value = -1; }
    supple& operator=(const supple&) = default;
    supple& operator=(supple&& other) noexcept {
        value = std::exchange(other.value, -1);
        return *this;
    }
    ~supple() = default;

private:
    static int quietly(const supple& other) {
        if (throw_at >= 0) { ++throw_at; }
        return other.checked();
    }
};

/// Owns memory, and goes by its bytes.
struct owner {
    using trivially_relocatable = std::true_type;
    owner(int n = 0) : value(std::make_unique<int>(n)) {}
    owner(const owner& other) : owner(*other.value) {}
    owner(owner&&) noexcept = default;
    owner& operator=(const owner& other) {
        *this = owner(other);
        return *this;
    }
    owner& operator=(owner&&) noexcept = default;
    ~owner() = default;
    friend bool operator==(const owner& a, const owner& b) { return *a.value == *b.value; }

    std::unique_ptr<int> value;
};

/// Rounds up to 48 bytes, resizes within that, and wipes what it hands out, cuts off and gets back.
struct wiping : new_source {
    [[nodiscard]] static std::size_t good_size(layout want) noexcept {
        return want.size > any_size ? want.size : (want.size + 47) / 48 * 48;
    }
    [[nodiscard]] static void* allocate(layout want) noexcept {
        const std::size_t good = good_size(want);
        void* const at = new_source::allocate({good, want.align});
        if (at != nullptr) { std::memset(at, 0xa5, good); }
        return at;
    }
    static void deallocate(void* at, layout given) noexcept {
        const std::size_t good = good_size(given);
        std::memset(at, 0x5a, good);
        new_source::deallocate(at, {good, given.align});
    }
    [[nodiscard]] static bool resize(void* at, layout given, std::size_t size) noexcept {
        const std::size_t good = good_size(given);
        if (good_size({size, given.align}) != good) { return false; }
        std::memset(static_cast<std::byte*>(at) + size, 0x5a, good - size);
        return true;
    }
};
static_assert(stateless_policy<wiping> && resizing_policy<wiping> && rounding_policy<wiping>);

/// Gives every block 4 KiB to be resized in, and rounds up to 64 bytes.
struct roomy : new_source {
    [[nodiscard]] static std::size_t good_size(layout want) noexcept {
        return want.size > 4096 ? want.size : (want.size + 63) / 64 * 64;
    }
    [[nodiscard]] static void* allocate(layout want) noexcept {
        return new_source::allocate({4096, want.align});
    }
    [[nodiscard]] static bool resize(void* /*at*/, layout /*given*/, std::size_t size) noexcept {
        return size <= 4096;
    }
};

/// Serves 1000 bytes at most.
struct up_to_kilobyte : new_source {
    static constexpr std::size_t max_size = 1'000;
};

// Size.
static_assert(sizeof(alloy::vector<int>) == 3 * sizeof(void*));
static_assert(sizeof(alloy::vector<int, locked<pool16<>>>) == 3 * sizeof(void*));
static_assert(sizeof(in_arena<int>) == 4 * sizeof(void*));

// What cannot fail says so.
using numbers = in_arena<int>;
static_assert(std::is_nothrow_move_constructible_v<numbers> &&
              std::is_nothrow_move_assignable_v<numbers> && std::is_nothrow_swappable_v<numbers> &&
              std::is_nothrow_destructible_v<numbers>);
static_assert(std::is_nothrow_default_constructible_v<alloy::vector<int, everywhere>>);
static_assert(std::is_nothrow_constructible_v<numbers, ref<arena>>);

// What a vector is made from.
static_assert(!std::is_default_constructible_v<numbers>, "it needs to know its arena");
static_assert(std::is_constructible_v<numbers, arena&> && !std::is_convertible_v<arena&, numbers>);
static_assert(!std::is_constructible_v<numbers, arena>, "a temporary would not outlive it");

// It goes by its bytes where its handle does.
static_assert(trivially_relocatable_v<numbers> && trivially_relocatable_v<alloy::vector<brittle>>);
static_assert(!trivially_relocatable_v<alloy::vector<int, shared<arena>>>);

// Comparison.
static_assert(std::three_way_comparable<alloy::vector<int>, std::strong_ordering>);
static_assert(std::is_same_v<decltype(alloy::vector<double>{} <=> alloy::vector<double>{}),
                             std::partial_ordering>);

// Iterators.
static_assert(std::contiguous_iterator<numbers::iterator> &&
              std::is_convertible_v<numbers::iterator, numbers::const_iterator>);

// T may be incomplete.
struct tree {
    int value = 0;
    alloy::vector<tree> branches{};
};

template <class V>
void check_is(const V& v, const std::vector<int>& model) {
    BOOST_TEST_REQUIRE(v.size() == model.size());
    BOOST_TEST_REQUIRE(v.capacity() >= v.size());
    BOOST_TEST_REQUIRE(std::equal(v.begin(), v.end(), model.begin(), model.end(),
                                  [](const auto& a, int b) { return a == b; }));
#if defined(ALLOY_HAS_ASAN)
    const auto* const from = reinterpret_cast<const std::byte*>(v.data());
    const std::size_t used = v.size() * sizeof(*v.data());
    bool exact = true;
    for (std::size_t i = 0; i < v.capacity() * sizeof(*v.data()); ++i) {
        exact = exact && (__asan_address_is_poisoned(from + i) == 0) == (i < used);
    }
    BOOST_TEST_REQUIRE(exact);
#endif
}

/// Random operations on a vector and a std::vector<int>, which stay equal.
template <class V>
void stays_equal_to_a_model(V v, std::uint32_t seed) {
    using T = typename V::value_type;
    std::mt19937 random(seed);
    std::vector<int> model;
    const auto below = [&](std::size_t n) { return static_cast<std::ptrdiff_t>(random() % n); };
    for (int turn = 0; turn < 3'000; ++turn) {
        const int step = turn % 100; // fits into a char
        const std::ptrdiff_t at = below(model.size() + 1);
        const auto n = static_cast<std::size_t>(below(5));
        const std::vector<int> some(n, step);
        switch (below(14)) {
        case 0:
        case 1:
        case 2:
            v.push_back(T(step));
            model.push_back(step);
            break;
        case 3:
            BOOST_TEST_REQUIRE((v.emplace_back(step) == T(step)));
            model.emplace_back(step);
            break;
        case 4:
            BOOST_TEST_REQUIRE((v.insert(v.begin() + at, T(step)) == v.begin() + at));
            model.insert(model.begin() + at, step);
            break;
        case 5:
            BOOST_TEST_REQUIRE((v.insert(v.begin() + at, n, T(step)) == v.begin() + at));
            model.insert(model.begin() + at, n, step);
            break;
        case 6:
            v.insert(v.begin() + at, some.begin(), some.end());
            model.insert(model.begin() + at, some.begin(), some.end());
            break;
        case 7: {
            std::ptrdiff_t from = below(model.size() + 1);
            std::ptrdiff_t to = std::min(from + below(6), std::ssize(model));
            BOOST_TEST_REQUIRE((v.erase(v.begin() + from, v.begin() + to) == v.begin() + from));
            model.erase(model.begin() + from, model.begin() + to);
            break;
        }
        case 8:
            if (at == std::ssize(model)) { break; }
            v.erase(v.begin() + at);
            model.erase(model.begin() + at);
            break;
        case 9:
            if (model.empty()) { break; }
            v.pop_back();
            model.pop_back();
            break;
        case 10:
            v.resize(static_cast<std::size_t>(at) + n, T(step));
            model.resize(static_cast<std::size_t>(at) + n, step);
            break;
        case 11:
            v.reserve(model.size() + 8 * n);
            break;
        case 12:
            v.shrink_to_fit();
            break;
        default: // an element of its own
            if (at == std::ssize(model)) { break; }
            v.insert(v.begin(), v[static_cast<std::size_t>(at)]);
            model.insert(model.begin(), std::vector<int>(model)[static_cast<std::size_t>(at)]);
        }
        if (below(400) == 0) {
            v.clear();
            model.clear();
        }
        check_is(v, model);
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(does_what_a_std_vector_does_for_every_kind_of_element_and_policy) {
    ledger book;
    {
        arena a{book};
        pool16<probe> pool{book};
        probe plain{book};
        const auto each_policy = [&]<class T>(T /*element*/, std::uint32_t seed) {
            BOOST_TEST_CONTEXT("seed " << seed) {
                stays_equal_to_a_model(alloy::vector<T, ref<arena>>(a), seed);
                stays_equal_to_a_model(alloy::vector<T, ref<pool16<probe>>>(pool), seed);
                stays_equal_to_a_model(alloy::vector<T, ref<probe>>(plain), seed);
                stays_equal_to_a_model(alloy::vector<T, wiping>(), seed);
            }
        };
        each_policy(char{}, 1);
        each_policy(int{}, 2);
        each_policy(owner{}, 3);
        each_policy(brittle{}, 4);
        each_policy(supple{}, 5);
    }
    BOOST_TEST(brittle::alive == 0);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(is_made_from_a_count_values_a_range_a_list_and_another) {
    ledger book;
    arena a{book};
    check_is(alloy::vector<int>(3), {0, 0, 0});
    check_is(alloy::vector<int>(2, 7), {7, 7});
    check_is(alloy::vector<int>{2, 7}, {2, 7});
    check_is(numbers(2, 7, a), {7, 7});
    std::istringstream words("3 1 2");
    check_is(numbers(std::istream_iterator<int>(words), std::istream_iterator<int>(), a),
             {3, 1, 2});
    numbers list({1, 2, 3}, a);
    const numbers copy = list;
    check_is(copy, {1, 2, 3});
    const int* const data = list.data();
    const numbers moved = std::move(list);
    BOOST_TEST(moved.data() == data);
    check_is(list, {}); // NOLINT: empty, and of use
    list.push_back(4);
    check_is(list, {4});
    BOOST_TEST((list.handle() == moved.handle()));
}

BOOST_AUTO_TEST_CASE(deduces_its_element_and_its_handle) {
    ledger book;
    arena a{book};
    const int some[] = {1, 2};
    const alloy::vector v{1, 2, 3};
    static_assert(std::is_same_v<decltype(v), const alloy::vector<int>>);
    const alloy::vector copy = v;
    static_assert(std::is_same_v<decltype(copy), const alloy::vector<int>>);
    const alloy::vector fill(3, 1.5);
    static_assert(std::is_same_v<decltype(fill), const alloy::vector<double>>);
    const alloy::vector range(std::begin(some), std::end(some));
    static_assert(std::is_same_v<decltype(range), const alloy::vector<int>>);
    const alloy::vector list({1, 2}, a);
    static_assert(std::is_same_v<decltype(list), const numbers>);
    const alloy::vector of_arena(std::begin(some), std::end(some), a);
    static_assert(std::is_same_v<decltype(of_arena), const numbers>);
    const alloy::vector filled(std::size_t{2}, 7, everywhere{});
    static_assert(std::is_same_v<decltype(filled), const alloy::vector<int, everywhere>>);
    check_is(of_arena, {1, 2});
    check_is(filled, {7, 7});
}

BOOST_AUTO_TEST_CASE(takes_its_handle_along_when_it_moves_but_not_when_it_is_copied_over) {
    ledger book;
    arena a{book};
    arena b{book};
    numbers x({1, 2, 3}, a);
    numbers y({4, 5}, b);
    const int* const data = x.data();

    y = x;
    BOOST_TEST((y.handle() == ref<arena>(b)));
    check_is(y, {1, 2, 3});
    alloy::vector<owner> owners{1, 2};
    owners = *&owners; // to itself
    check_is(owners, {1, 2});

    numbers z({6}, b);
    z = std::move(x);
    BOOST_TEST((z.handle() == ref<arena>(a)));
    BOOST_TEST(z.data() == data);
    check_is(x, {}); // NOLINT
    auto& same = z;
    z = std::move(same);
    check_is(z, {1, 2, 3});

    y = {9};
    swap(y, z);
    BOOST_TEST((y.handle() == ref<arena>(a)));
    BOOST_TEST((z.handle() == ref<arena>(b)));
    BOOST_TEST(y.data() == data);
    check_is(z, {9});
    z = {1, 2};
    check_is(z, {1, 2});
    const numbers copy = y;
    BOOST_TEST((copy.handle() == ref<arena>(a)));
}

BOOST_AUTO_TEST_CASE(reaches_its_elements) {
    alloy::vector<int> v{1, 2, 3};
    const auto& constant = v;
    BOOST_TEST(v.front() == 1);
    BOOST_TEST(constant.front() == 1);
    BOOST_TEST(v.back() == 3);
    BOOST_TEST(constant.back() == 3);
    BOOST_TEST(v[1] == 2);
    BOOST_TEST(constant[1] == 2);
    BOOST_TEST(v.at(2) == 3);
    BOOST_TEST(constant.at(2) == 3);
    BOOST_CHECK_THROW(static_cast<void>(v.at(3)), std::out_of_range);
    BOOST_CHECK_THROW(static_cast<void>(constant.at(3)), std::out_of_range);
    BOOST_TEST(v.data() == &v[0]);
    BOOST_TEST(constant.data() == v.data());
    BOOST_TEST(std::accumulate(v.cbegin(), v.cend(), 0) == 6);
    check_is(alloy::vector<int>(v.rbegin(), v.rend()), {3, 2, 1});
    check_is(alloy::vector<int>(constant.rbegin(), constant.rend()), {3, 2, 1});
    BOOST_TEST(!v.empty());
    BOOST_TEST(alloy::vector<int>{}.empty());
}

BOOST_AUTO_TEST_CASE(compares_like_its_elements) {
    using ints = alloy::vector<int>;
    BOOST_TEST((ints{1, 2} == ints{1, 2}));
    BOOST_TEST((ints{1, 2} != ints{1, 3}));
    BOOST_TEST((ints{1, 2} != ints{1, 2, 3}));
    BOOST_TEST((ints{1, 2} < ints{1, 2, 3}));
    BOOST_TEST((ints{2} > ints{1, 2, 3}));
    BOOST_TEST(((ints{1} <=> ints{1}) == std::strong_ordering::equal));

    struct less_alone {
        int value;
        bool operator==(const less_alone&) const = default;
        bool operator<(const less_alone& other) const { return value < other.value; }
    };
    using row = alloy::vector<less_alone>;
    BOOST_TEST((row{{1}, {2}} < row{{1}, {3}}));
    BOOST_TEST((row{{2}} > row{{1}, {2}}));
    BOOST_TEST((row{{1}} <= row{{1}} && row{{1}} >= row{{1}}));
    BOOST_TEST(((row{{1}} <=> row{{1}}) == std::weak_ordering::equivalent));
}

BOOST_AUTO_TEST_CASE(is_made_of_elements_that_cannot_be_moved) {
    struct fixed {
        static int& alive() {
            static int n = 0;
            return n;
        }
        fixed() {
            if (alive() == 7) { throw std::runtime_error("seven"); }
            ++alive();
        }
        fixed(const fixed&) = delete;
        fixed& operator=(const fixed&) = delete;
        ~fixed() { --alive(); }
    };
    ledger book;
    using row = alloy::vector<fixed, ref<probe>>;
    probe memory{book};
    {
        const row five(5, memory);
        BOOST_TEST((five.size() == 5U && fixed::alive() == 5));
        BOOST_CHECK_THROW(row(3, memory), std::runtime_error);
        BOOST_TEST(fixed::alive() == 5);
        BOOST_TEST(row(0, memory).empty());
        BOOST_CHECK_THROW(row(SIZE_MAX, memory), std::bad_array_new_length);
    }
    BOOST_TEST(fixed::alive() == 0);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(counts_what_the_policy_rounds_up_as_capacity) {
    ledger book;
    pool16<probe> pool{book};
    alloy::vector<char, ref<pool16<probe>>> v(pool);
    v.push_back('a');
    BOOST_TEST(v.capacity() == 8U);
    v.reserve(9);
    BOOST_TEST(v.capacity() == 16U);
    v.reserve(1); // gives nothing up
    BOOST_TEST(v.capacity() == 16U);
    const char* const data = v.data();
    v.resize(16);
    BOOST_TEST(v.data() == data);
    v.resize(10);
    v.shrink_to_fit(); // to 16 again: nothing to do
    BOOST_TEST(v.data() == data);
    BOOST_TEST(v.capacity() == 16U);

    alloy::vector<std::array<char, 5>, ref<pool16<probe>>> odd(pool);
    odd.reserve(3);
    BOOST_TEST(odd.capacity() == 3U); // 16 bytes, one of them slack
}

BOOST_AUTO_TEST_CASE(doubles_and_takes_no_more_than_was_asked_to_begin_with) {
    ledger book;
    probe plain{book};
    probed<int> v(plain);
    BOOST_TEST(v.capacity() == 0U);
    BOOST_TEST(book.requests == 0U);
    std::vector<std::size_t> capacities;
    for (int i = 0; i < 40; ++i) {
        v.push_back(i);
        if (capacities.empty() || capacities.back() != v.capacity()) {
            capacities.push_back(v.capacity());
        }
    }
    BOOST_TEST((capacities == std::vector<std::size_t>{1, 2, 4, 8, 16, 32, 64}));
    BOOST_TEST(book.requests == 7U);
    BOOST_TEST(book.bytes() == 64 * sizeof(int));
    BOOST_TEST(probed<int>({1, 2, 3}, plain).capacity() == 3U);
    v.insert(v.end(), 100, 7);
    BOOST_TEST(v.capacity() == 140U);
    v.shrink_to_fit();
    v.pop_back();
    v.shrink_to_fit();
    BOOST_TEST(v.capacity() == 139U);
    v.clear();
    BOOST_TEST(v.capacity() == 139U);
    v.shrink_to_fit();
    BOOST_TEST(v.capacity() == 0U);
    BOOST_TEST(book.live.empty());
    v.shrink_to_fit();
    v.push_back(1);
    check_is(v, {1});
}

BOOST_AUTO_TEST_CASE(grows_and_shrinks_in_place_where_the_policy_can) {
    ledger book;
    arena a{book};
    in_arena<brittle> v(a);
    v.push_back(0);
    const brittle* const data = v.data();
    for (int i = 1; i < 100; ++i) { v.push_back(i); } // brittle would notice a copy of bytes
    v.reserve(150);
    BOOST_TEST(v.data() == data);
    BOOST_TEST(v.capacity() == 150U);
    v.shrink_to_fit();
    BOOST_TEST(v.data() == data);
    BOOST_TEST(v.capacity() == 100U);
    BOOST_TEST(a.held() == 4096U);
    const auto* const next = static_cast<std::byte*>(a.allocate({1, 1}));
    BOOST_TEST((reinterpret_cast<const std::byte*>(v.data() + 100) + detail::redzone == next));
    v.emplace_back(100); // the block is no longer the newest
    BOOST_TEST(v.data() != data);
    BOOST_TEST(v.size() == 101U);
}

BOOST_AUTO_TEST_CASE(counts_what_the_policy_rounds_up_when_it_resizes_too) {
    alloy::vector<int, roomy> v;
    v.reserve(1);
    const int* const data = v.data();
    BOOST_TEST(v.capacity() == 16U);
    v.reserve(17);
    BOOST_TEST(v.capacity() == 32U);
    v.resize(33, 7);
    BOOST_TEST(v.capacity() == 64U);
    check_is(v, std::vector<int>(33, 7));
    v.resize(1);
    v.shrink_to_fit();
    BOOST_TEST(v.capacity() == 16U);
    BOOST_TEST(v.data() == data);
    check_is(v, {7});
}

BOOST_AUTO_TEST_CASE(appends_its_own_elements_even_as_it_grows) {
    alloy::vector<std::string> v{"a string that is long enough to live on the heap"};
    const std::string first = v[0];
    for (int i = 0; i < 20; ++i) {
        v.push_back(v[0]);
        v.emplace_back(v.front());
        v.insert(v.begin() + 1, v.back());
    }
    v.shrink_to_fit();
    v.insert(v.begin(), 3, v[5]);
    v.shrink_to_fit();
    v.resize(v.size() + 2, v[0]);
    BOOST_TEST(v.size() == 66U);
    BOOST_TEST(std::count(v.begin(), v.end(), first) == 66);
    v.shrink_to_fit();
    v.push_back(std::move(v[0]));
    BOOST_TEST(v.back() == first);
}

BOOST_AUTO_TEST_CASE(holds_what_can_only_be_moved) {
    alloy::vector<std::unique_ptr<int>> v;
    for (int i = 0; i < 50; ++i) { v.insert(v.begin(), std::make_unique<int>(i)); }
    v.erase(v.begin() + 10, v.begin() + 20);
    v.resize(41);
    BOOST_TEST(*v[0] == 49);
    BOOST_TEST(*v[9] == 40);
    BOOST_TEST(*v[10] == 29);
    BOOST_TEST((v[40] == nullptr));
    const auto other = std::move(v);
    BOOST_TEST(other.size() == 41U);
}

BOOST_AUTO_TEST_CASE(takes_a_range_that_can_be_read_but_once) {
    std::istringstream words("1 2 3");
    alloy::vector<int> v{7, 8};
    v.insert(v.begin() + 1, std::istream_iterator<int>(words), std::istream_iterator<int>());
    check_is(v, {7, 1, 2, 3, 8});
    std::istringstream more("4 5");
    v.assign(std::istream_iterator<int>(more), std::istream_iterator<int>());
    check_is(v, {4, 5});
}

BOOST_AUTO_TEST_CASE(holds_a_type_that_is_completed_later) {
    tree root;
    for (int i = 0; i < 5; ++i) {
        root.branches.push_back({i});
        root.branches.back().branches.resize(3);
    }
    const tree copy = root;
    BOOST_TEST(copy.branches.size() == 5U);
    BOOST_TEST(copy.branches[4].value == 4);
    BOOST_TEST(copy.branches[4].branches.size() == 3U);
}

BOOST_AUTO_TEST_CASE(aligns_what_is_over_aligned) {
    struct alignas(64) line {
        char bytes[64];
    };
    ledger book;
    arena a{book};
    in_arena<line> v(a);
    for (int i = 0; i < 50; ++i) {
        v.emplace_back();
        BOOST_TEST_REQUIRE(detail::is_aligned(v.data(), 64));
    }
}

BOOST_AUTO_TEST_CASE(is_as_before_if_an_insertion_throws) {
    ledger book;
    {
        probe plain{book};
        std::vector<int> model{0, 1, 2, 3, 4};
        const auto try_each = [&]<class V>(V prototype, auto operation) {
            for (const bool full : {true, false}) {
                for (int turn = 0;; ++turn) {
                    V v = prototype;
                    if (!full) { v.reserve(20); }
                    const std::size_t capacity = v.capacity();
                    brittle::throw_at = turn;
                    try {
                        operation(v);
                        brittle::throw_at = -1;
                        break;
                    } catch (const std::runtime_error&) { brittle::throw_at = -1; }
                    check_is(v, model);
                    BOOST_TEST(v.capacity() == capacity);
                }
            }
        };
        const brittle seven{7};
        const supple eight{8};
        const probed<brittle> stiff({0, 1, 2, 3, 4}, plain);
        try_each(stiff, [&](auto& v) { v.push_back(seven); });
        try_each(stiff, [&](auto& v) { v.emplace_back(7); });
        try_each(stiff, [&](auto& v) { v.resize(9); });
        try_each(stiff, [&](auto& v) { v.resize(9, seven); });
        try_each(stiff, [&](auto& v) { v.insert(v.end(), 3, seven); });
        try_each(stiff, [&](auto& v) { v.insert(v.end(), {7, 8, 9}); });
        try_each(stiff, [&](auto& v) { v.reserve(100); });
        const probed<supple> moving({0, 1, 2, 3, 4}, plain);
        try_each(moving, [&](auto& v) { v.insert(v.begin() + 2, eight); });
        try_each(moving, [&](auto& v) { v.insert(v.begin() + 2, 3, eight); });
        try_each(moving, [&](auto& v) { v.insert(v.begin(), {eight, eight}); });
    }
    BOOST_TEST(brittle::alive == 0);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(is_as_before_if_a_range_that_can_be_read_but_once_throws) {
    alloy::vector<brittle> v{1, 2, 3};
    const std::vector<int> before{1, 2, 3};
    for (const std::ptrdiff_t index : {0, 1, 3}) {
        std::istringstream words("10 11 12");
        const std::istream_iterator<int> from(words);
        brittle::throw_at = 1;
        BOOST_CHECK_THROW(v.insert(v.begin() + index, from, {}), std::runtime_error);
        brittle::throw_at = -1;
        BOOST_TEST(std::equal(v.begin(), v.end(), before.begin(), before.end()));
    }
}

BOOST_AUTO_TEST_CASE(is_as_before_if_memory_is_out) {
    ledger book;
    probe plain{book};
    probed<supple> v({1, 2, 3}, plain);
    book.budget = 0;
    BOOST_CHECK_THROW(v.push_back(4), std::bad_alloc);
    BOOST_CHECK_THROW(v.reserve(4), std::bad_alloc);
    v.pop_back();
    BOOST_CHECK_THROW(v.shrink_to_fit(), std::bad_alloc);
    check_is(v, {1, 2});
    v.push_back(5);
    book.budget = 1;
    v.push_back(4);
    check_is(v, {1, 2, 5, 4});
    BOOST_CHECK_THROW(probed<int>(3, plain), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(refuses_more_than_the_largest_block_could_hold) {
    ledger book;
    probe plain{book};
    probed<int> v({1}, plain);
    BOOST_TEST(v.max_size() == any_size / sizeof(int));
    const std::size_t requests = book.requests;
    for (const std::size_t n : {v.max_size() + 1, unlimited / sizeof(int) + 2, unlimited}) {
        BOOST_CHECK_THROW(v.reserve(n), std::bad_array_new_length);
        BOOST_CHECK_THROW(v.resize(n), std::bad_array_new_length);
        BOOST_CHECK_THROW(v.insert(v.begin(), n, 1), std::bad_array_new_length);
        BOOST_CHECK_THROW(probed<int>(n, plain), std::bad_array_new_length);
    }
    BOOST_TEST(book.requests == requests);
    check_is(v, {1});

    alloy::vector<int, up_to_kilobyte> few;
    BOOST_TEST(few.max_size() == 250U);
    for (int i = 0; i < 250; ++i) { few.push_back(i); }
    BOOST_TEST(few.capacity() == 250U); // not 256
    BOOST_CHECK_THROW(few.push_back(0), std::bad_array_new_length);
    BOOST_TEST(few.size() == 250U);
}

BOOST_AUTO_TEST_CASE(says_where_it_is_misused) {
    alloy::vector<int> v{1, 2, 3};
    v.reserve(8);
    alloy::vector<int> none;
    BOOST_TEST(dies([&] { v[3] = 1; }));
    BOOST_TEST(dies([&] { static_cast<void>(none.front()); }));
    BOOST_TEST(dies([&] { static_cast<void>(none.back()); }));
    BOOST_TEST(dies([&] { none.pop_back(); }));
    BOOST_TEST(dies([&] { v.insert(none.begin(), 1); }));
    BOOST_TEST(dies([&] { v.erase(v.end()); }));
    BOOST_TEST(!dies([&] { v.pop_back(); }));
#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
    volatile int* const data = v.data();
    BOOST_TEST(dies([&] { data[3] = 1; })); // within the capacity
    BOOST_TEST(dies([&] { data[8] = 1; })); // behind it
    BOOST_TEST(dies([&] {
        v.pop_back();
        data[2] = 1;
    }));
    BOOST_TEST(!dies([&] { data[2] = 1; }));
#endif
}
