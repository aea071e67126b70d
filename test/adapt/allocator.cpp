// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/allocator.hpp>

#include <alloy/compose/locked.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/probe.hpp"
#include "support/unit_test.hpp"

#include <array>
#include <cstring>
#include <deque>
#include <list>
#include <memory>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

using pool = pool16<probe>;
using everywhere = global<locked<pool16<>>>;

template <class T>
using on_pool = allocator<T, ref<pool>>;
template <class T>
using on_all = allocator<T, everywhere>;
template <class T>
using traits = std::allocator_traits<on_pool<T>>;

// Which handle an allocator has.
static_assert(std::is_same_v<handle_for<locked<pool16<>>>, everywhere>, "a place means global");
static_assert(std::is_same_v<handle_for<everywhere>, everywhere>, "a handle is used as it is");
static_assert(std::is_same_v<handle_for<new_source>, new_source>, "and so is a stateless policy");

// Rebinding keeps the policy.
static_assert(std::is_same_v<traits<int>::rebind_alloc<long>, on_pool<long>>);
static_assert(std::is_same_v<traits<int>::rebind_alloc<long>::rebind<int>::other, on_pool<int>>);
static_assert(std::is_same_v<traits<int>::pointer, int*>);
static_assert(std::is_same_v<traits<int>::value_type, int>);
static_assert(std::is_same_v<traits<int>::size_type, std::size_t>);
static_assert(std::is_same_v<traits<int>::difference_type, std::ptrdiff_t>);

// Propagation.
static_assert(!traits<int>::propagate_on_container_copy_assignment::value);
static_assert(traits<int>::propagate_on_container_move_assignment::value);
static_assert(traits<int>::propagate_on_container_swap::value);
static_assert(!traits<int>::is_always_equal::value);
static_assert(std::allocator_traits<on_all<int>>::is_always_equal::value);
static_assert(std::allocator_traits<allocator<int, new_source>>::is_always_equal::value);

// What cannot fail says so.
static_assert(std::is_nothrow_copy_constructible_v<on_pool<int>> &&
              std::is_nothrow_move_constructible_v<on_pool<int>> &&
              std::is_nothrow_copy_assignable_v<on_pool<int>> &&
              std::is_nothrow_move_assignable_v<on_pool<int>> &&
              std::is_nothrow_swappable_v<on_pool<int>>);
static_assert(std::is_nothrow_constructible_v<on_pool<long>, const on_pool<int>&>);
static_assert(std::is_nothrow_default_constructible_v<on_all<int>>);
static_assert(noexcept(std::declval<on_pool<int>&>() == std::declval<on_pool<long>&>()));
static_assert(noexcept(std::declval<on_pool<int>&>().deallocate(nullptr, 1)));
static_assert(noexcept(std::declval<on_pool<int>&>().max_size()));
static_assert(!noexcept(std::declval<on_pool<int>&>().allocate(1)));
static_assert(!noexcept(std::declval<on_pool<int>&>().allocate_at_least(1)));

// What an allocator is made from.
static_assert(!std::is_default_constructible_v<on_pool<int>>, "it needs to know its pool");
static_assert(std::is_convertible_v<pool&, on_pool<int>> &&
              std::is_convertible_v<ref<pool>, on_pool<int>> &&
              std::is_convertible_v<on_pool<long>, on_pool<int>>);
static_assert(!std::is_constructible_v<on_pool<int>, pool>, "a temporary would not outlive it");
static_assert(!std::is_constructible_v<on_pool<int>, int> &&
              !std::is_constructible_v<on_pool<int>, std::size_t> &&
              !std::is_constructible_v<on_pool<int>, on_all<int>>);

// Size.
static_assert(std::is_empty_v<on_all<int>> && sizeof(on_pool<int>) == sizeof(void*));
static_assert(sizeof(std::vector<int, on_all<int>>) == sizeof(std::vector<int>));
static_assert(sizeof(std::vector<int, on_pool<int>>) == sizeof(std::vector<int>) + sizeof(void*));

// An incomplete T will do, and void too.
struct later;
static_assert(std::is_same_v<allocator<later, everywhere>::value_type, later>);
static_assert(sizeof(allocator<void, everywhere>) == 1);
struct tree {
    int value = 0;
    std::vector<tree, on_all<tree>> branches{};
};

// The allocator works in constant expressions.
static_assert([] {
    on_all<int> alloc;
    int* const at = alloc.allocate(3);
    std::construct_at(at, 7);
    const bool good = *at == 7;
    std::destroy_at(at);
    alloc.deallocate(at, 3);
    const auto more = alloc.allocate_at_least(4);
    const bool exact = more.count == 4;
    alloc.deallocate(more.ptr, more.count);
    return good && exact && on_all<int>{} == on_all<long>{} && alloc.max_size() > 0;
}());
#if defined(__cpp_lib_constexpr_vector) && !defined(_GLIBCXX_DEBUG)
static_assert([] {
    std::vector<int, on_all<int>> numbers{1, 2, 3};
    for (int i = 4; i <= 10; ++i) { numbers.push_back(i); }
    const auto copy = numbers;
    return std::accumulate(copy.begin(), copy.end(), 0) == 55;
}());
#endif

/// Counts who lives, and throws in the constructor whose turn it is.
struct brittle {
    static inline int alive = 0;
    static inline int throw_at = -1;

    explicit brittle(int n) : value(n) {
        if (throw_at-- == 0) { throw std::runtime_error("brittle"); }
        ++alive;
    }
    brittle(const brittle& other) : brittle(other.value) {}
    brittle& operator=(const brittle&) = default;
    ~brittle() { --alive; }

    int value;
};

/// A handle that wants the contrary of every default, and tells copies from originals.
struct contrary : ref<pool> {
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::false_type;
    using propagate_on_container_swap = std::false_type;

    contrary(pool& own, pool& of_copies) noexcept : ref(own), of_copies_(&of_copies) {}
    [[nodiscard]] contrary select_on_container_copy_construction() const noexcept {
        return {*of_copies_, *of_copies_};
    }

private:
    pool* of_copies_;
};
static_assert(handle_policy<contrary>);
using contrary_traits = std::allocator_traits<allocator<int, contrary>>;
static_assert(contrary_traits::propagate_on_container_copy_assignment::value &&
              !contrary_traits::propagate_on_container_move_assignment::value &&
              !contrary_traits::propagate_on_container_swap::value);

/// An upstream that says how large a block may be.
struct up_to_kilobyte : new_source {
    static constexpr std::size_t max_size = 1'000;
};

} // namespace

BOOST_AUTO_TEST_CASE(asks_for_what_the_objects_need_and_gives_the_same_back) {
    ledger book;
    allocator<long double, ref<probe>> wide{[&]() -> probe& {
        static probe upstream{book};
        return upstream;
    }()};
    long double* const at = wide.allocate(3);
    BOOST_TEST((book.live.at(at) == layout{3 * sizeof(long double), alignof(long double)}));
    wide.deallocate(at, 3); // the probe fails if it is another layout
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(is_equal_across_types_if_it_reaches_the_same_instance) {
    ledger book;
    pool a{book};
    pool b{book};
    const on_pool<int> ints{a};
    const on_pool<long> longs{ints};
    const on_pool<int> others{b};
    BOOST_TEST((ints == longs));
    BOOST_TEST((longs == ints));
    BOOST_TEST((ints == on_pool<int>(longs)));
    BOOST_TEST((ints != others));
    BOOST_TEST((others != longs));
    BOOST_TEST((ints.handle() == ref<pool>(a)));
    int* const at = on_pool<int>(longs).allocate(1);
    on_pool<int>(ints).deallocate(at, 1);
    BOOST_TEST(a.held() > 0U);
    BOOST_TEST(b.held() == 0U);
}

BOOST_AUTO_TEST_CASE(follows_moves_and_swaps_but_not_copy_assignments) {
    ledger book;
    pool a{book};
    pool b{book};
    using numbers = std::vector<int, on_pool<int>>;
    numbers x({1, 2, 3}, a);
    numbers y({4, 5}, b);
    const int* const data = x.data();

    y = x;
    BOOST_TEST((y.get_allocator() == on_pool<int>(b)));
    BOOST_TEST(y == x);

    numbers z({6}, b);
    z = std::move(x);
    BOOST_TEST((z.get_allocator() == on_pool<int>(a)));
    BOOST_TEST(z.data() == data); // the memory moved along
    x.assign({7, 8});             // NOLINT: a moved-from container, and its allocator, still work
    BOOST_TEST((x.get_allocator() == on_pool<int>(a)));

    swap(y, z);
    BOOST_TEST((y.get_allocator() == on_pool<int>(a)));
    BOOST_TEST((z.get_allocator() == on_pool<int>(b)));
    BOOST_TEST(y.data() == data);

    const numbers copy = y;
    BOOST_TEST((copy.get_allocator() == on_pool<int>(a)));
}

BOOST_AUTO_TEST_CASE(lets_a_handle_decide_otherwise) {
    ledger book;
    pool a{book};
    pool b{book};
    using odd = allocator<int, contrary>;
    using numbers = std::vector<int, odd>;
    const odd of_a{contrary{a, b}};
    const odd of_b{contrary{b, a}};

    numbers x({1, 2, 3}, of_a);
    const numbers copy = x;
    BOOST_TEST((copy.get_allocator() == of_b));
    numbers y({4}, of_b);
    y = x;
    BOOST_TEST((y.get_allocator() == of_a));
    numbers z({5}, of_b);
    z = std::move(x);
    BOOST_TEST((z.get_allocator() == of_b));
    BOOST_TEST(z == y);
}

BOOST_AUTO_TEST_CASE(keeps_the_sources_policy_in_a_copied_container) {
    ledger book;
    pool a{book};
    const on_pool<int> ints{a};
    BOOST_TEST((traits<int>::select_on_container_copy_construction(ints) == ints));
}

BOOST_AUTO_TEST_CASE(allocates_at_least_what_was_asked_and_takes_back_any_count_between) {
    ledger book;
    pool a{book};
    const auto in_range = [&]<class T>(on_pool<T> alloc) {
        for (std::size_t n = 0; n <= 40; ++n) {
            const auto [first, most] = alloc.allocate_at_least(n);
            alloc.deallocate(first, n);
            for (std::size_t back = n; back <= most; ++back) {
                const auto [at, count] = alloc.allocate_at_least(n);
                BOOST_TEST_REQUIRE(count == most);
                BOOST_TEST_REQUIRE(count >= n);
                BOOST_TEST_REQUIRE(count * sizeof(T) <=
                                   std::max(std::size_t{1}, good_size(a, layout_for<T>(n))));
                std::memset(static_cast<void*>(at), 0x5a, count * sizeof(T)); // all of it is usable
                alloc.deallocate(at, back);
                if (n == 0 || n * sizeof(T) > 128) { continue; }
                void* const next = alloc.allocate(n);
                BOOST_TEST_REQUIRE(next == at); // it went to the right bin
                alloc.deallocate(at, n);
            }
        }
    };
    in_range(on_pool<char>{a});
    in_range(on_pool<short>{a});
    in_range(on_pool<std::array<char, 3>>{a});
    in_range(on_pool<std::array<char, 24>>{a});
    in_range(on_pool<double>{a});
    BOOST_TEST(on_pool<char>{a}.allocate_at_least(9).count == 16U);
    BOOST_TEST((on_pool<std::array<char, 3>>{a}.allocate_at_least(3).count == 5U));
}

BOOST_AUTO_TEST_CASE(allocates_nothing_as_a_block_of_its_own) {
    ledger book;
    pool a{book};
    on_pool<int> ints{a};
    int* const first = ints.allocate(0);
    int* const second = ints.allocate(0);
    BOOST_TEST(first != nullptr);
    BOOST_TEST(first != second);
    ints.deallocate(first, 0);
    ints.deallocate(second, 0);
    BOOST_TEST(a.trim() > 0U);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(refuses_more_objects_than_an_array_can_hold) {
    ledger book;
    pool a{book};
    on_pool<int> ints{a};
    BOOST_TEST(ints.max_size() == any_size / sizeof(int));
    BOOST_TEST(on_pool<char>{a}.max_size() == any_size);
    for (const std::size_t n : {ints.max_size() + 1, unlimited / sizeof(int) + 2, unlimited}) {
        BOOST_CHECK_THROW(static_cast<void>(ints.allocate(n)), std::bad_array_new_length);
        BOOST_CHECK_THROW(static_cast<void>(ints.allocate_at_least(n)), std::bad_array_new_length);
    }
    BOOST_TEST(book.requests == 0U);
    book.budget = 0; // AddressSanitizer's operator new would not return
    BOOST_CHECK_THROW(static_cast<void>(ints.allocate(ints.max_size())), std::bad_alloc);
    BOOST_TEST(book.requests == 1U);

    allocator<int, up_to_kilobyte> few;
    BOOST_TEST(few.max_size() == 250U);
    BOOST_CHECK_THROW(static_cast<void>(few.allocate(251)), std::bad_array_new_length);
    few.deallocate(few.allocate(250), 250);
    std::vector<int, allocator<int, up_to_kilobyte>> short_one;
    BOOST_TEST(short_one.max_size() == 250U);
    BOOST_CHECK_THROW(short_one.reserve(251), std::length_error);
}

BOOST_AUTO_TEST_CASE(tells_a_lack_of_memory_from_a_length_that_cannot_be) {
    ledger book{.budget = 0};
    pool a{book};
    try {
        static_cast<void>(on_pool<int>{a}.allocate(1));
        BOOST_TEST(false, "there is no memory");
    } catch (const std::bad_array_new_length&) {
        BOOST_TEST(false, "one int is no impossible array");
    } catch (const std::bad_alloc&) { BOOST_TEST(true); }
}

BOOST_AUTO_TEST_CASE(throws_bad_alloc_when_memory_is_out_and_serves_afterwards) {
    ledger book{.budget = 1};
    pool a{book};
    on_pool<double> doubles{a};
    std::vector<double*> live;
    const auto fill = [&] {
        for (;;) { live.push_back(doubles.allocate(4)); }
    };
    BOOST_CHECK_THROW(fill(), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(doubles.allocate_at_least(4)), std::bad_alloc);
    BOOST_TEST_REQUIRE(!live.empty());
    double* const last = live.back();
    doubles.deallocate(last, 4);
    BOOST_TEST(doubles.allocate(4) == last);

    std::list<int, on_pool<int>> ints{a};
    book.budget = 2;
    const auto grow = [&] {
        for (int i = 0;; ++i) { ints.push_back(i); }
    };
    BOOST_CHECK_THROW(grow(), std::bad_alloc);
    const std::size_t size = ints.size();
    BOOST_TEST(size > 10U);
    ints.pop_front();
    ints.push_back(1);
    BOOST_TEST(ints.size() == size);
}

BOOST_AUTO_TEST_CASE(aligns_what_is_over_aligned) {
    struct alignas(64) line {
        char bytes[64];
    };
    struct alignas(512) sector {
        char bytes[512];
    };
    ledger book;
    pool a{book};
    std::vector<line, on_pool<line>> lines{a};
    std::list<sector, on_pool<sector>> sectors{a};
    for (int i = 0; i < 50; ++i) {
        lines.emplace_back();
        BOOST_TEST_REQUIRE(detail::is_aligned(lines.data(), 64));
        sectors.emplace_back();
        BOOST_TEST_REQUIRE(detail::is_aligned(&sectors.back(), 512));
        BOOST_TEST_REQUIRE(detail::is_aligned(on_pool<line>{a}.allocate(1), 64));
    }
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

BOOST_AUTO_TEST_CASE(lets_containers_deduce_their_allocator) {
    ledger book;
    pool a{book};
    const std::vector ints({1, 2, 3}, on_pool<int>{a});
    static_assert(std::is_same_v<decltype(ints), const std::vector<int, on_pool<int>>>);
    const std::list also(ints.begin(), ints.end(), on_pool<int>{a});
    static_assert(std::is_same_v<decltype(also), const std::list<int, on_pool<int>>>);
    const std::deque copy(std::size_t{4}, 1.5, on_all<double>{});
    static_assert(std::is_same_v<decltype(copy), const std::deque<double, on_all<double>>>);
    BOOST_TEST(std::equal(ints.begin(), ints.end(), also.begin(), also.end()));
    BOOST_TEST(copy.size() == 4U);
}

BOOST_AUTO_TEST_CASE(leaks_nothing_when_an_element_throws) {
    ledger book;
    {
        pool a{book};
        std::size_t checked = 0;
        for (int turn = 0; turn < 40; ++turn) {
            brittle::throw_at = turn;
            try {
                std::vector<brittle, on_pool<brittle>> row{a};
                for (int i = 0; i < 5; ++i) { row.emplace_back(i); }
                std::list<brittle, on_pool<brittle>> nodes{a};
                for (int i = 0; i < 5; ++i) { nodes.emplace_back(i); }
                using entry = std::pair<const int, brittle>;
                std::unordered_map<int, brittle, std::hash<int>, std::equal_to<>, on_pool<entry>>
                    map{on_pool<entry>{a}};
                for (int i = 0; i < 5; ++i) { map.emplace(i, i); }
                static_cast<void>(std::allocate_shared<brittle>(on_pool<brittle>{a}, 1));
            } catch (const std::runtime_error&) { ++checked; }
            brittle::throw_at = -1;
            BOOST_TEST(brittle::alive == 0);
            a.trim();
            BOOST_TEST(a.held() == 0U); // no block is live
        }
        BOOST_TEST(checked > 15U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(works_after_it_was_moved_from) {
    ledger book;
    pool a{book};
    on_pool<int> from{a};
    on_pool<int> to = std::move(from);
    BOOST_TEST((from == to)); // NOLINT: the standard asks for this
    int* const at = from.allocate(1);
    to.deallocate(at, 1);
    on_pool<int> target{a};
    target = std::move(from);
    BOOST_TEST((from == target)); // NOLINT
    BOOST_TEST(from.allocate(1) == at);
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_what_was_not_asked_for_until_the_block_comes_back) {
    ledger book;
    pool a{book};
    on_pool<char> chars{a};
    for (std::size_t n = 0; n <= 64; ++n) {
        char* const at = chars.allocate(n);
        const std::size_t good = good_size(a, layout_for<char>(n));
        for (std::size_t i = 0; i < good; ++i) {
            BOOST_TEST_REQUIRE(__asan_address_is_poisoned(at + i) == (i < n ? 0 : 1));
        }
        chars.deallocate(at, n);
        const auto more = chars.allocate_at_least(n);
        for (std::size_t i = 0; i < more.count; ++i) {
            BOOST_TEST_REQUIRE(__asan_address_is_poisoned(more.ptr + i) == 0);
        }
        chars.deallocate(more.ptr, more.count);
    }
    // The bare policy knows nothing of the allocator's slack.
    auto* const raw = static_cast<char*>(a.allocate({9, 1}));
    BOOST_TEST(__asan_address_is_poisoned(raw + 15) == 0);
    a.deallocate(raw, {9, 1});
    // And a large block goes back to upstream with none.
    const std::size_t regions = book.live.size();
    on_pool<int> ints{a};
    ints.deallocate(ints.allocate(1'000), 1'000);
    BOOST_TEST(book.live.size() == regions);
}
#endif
