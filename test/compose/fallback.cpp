// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/fallback.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/compose/zeroed.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/null.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <list>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using detail::redzone;
using test::ledger;
using test::probe;
using test::rich;

namespace {

using small = stack_first<256>;
static_assert(policy<small> && resizing_policy<small>);
static_assert(!rounding_policy<stack_first<256, rich>>, "the minimum of both is what was asked");
static_assert(!zeroing_policy<stack_first<256, rich>> && !batching_policy<stack_first<256, rich>> &&
              !measuring_policy<small> && !marking_policy<stack_first<256, bump<>>>);
static_assert(owning_policy<stack_first<256, rich>> && !owning_policy<small>,
              "owns only if upstream can tell its own");
static_assert(resettable_policy<stack_first<256, bump<>>> && !resettable_policy<small>,
              "no reset that would lose what was spilled");
static_assert(trimming_policy<stack_first<256, pool16<>>> && !trimming_policy<small>);
static_assert(!thread_safe_v<small> && !migratory_v<small> &&
              !zero_fresh_v<stack_first<256, pages<>>>);
static_assert(!std::copy_constructible<small> && !std::movable<small> && !handle_policy<small>);
static_assert(stack_first<256, rich>::max_align == rich::max_align &&
              max_size_v<stack_first<256, null_source>> == 256 &&
              max_size_v<stack_first<256, pages<>>> == max_size_v<pages<>>);
static_assert(std::is_convertible_v<small&, allocator<int, ref<small>>>);

constinit stack_first<1'024> before_main; // construction acquires nothing

// A region that serves real sizes, and what to do when it is full: both round.
constexpr range_options range{.bytes = 16'384, .unit = 64, .largest = 1'024, .align = 64};
using region = buddy<range, inline_buffer<24'576>>;
using both = fallback<region, pool16<probe>>;
static_assert(rounding_policy<both> && resizing_policy<both> && trimming_policy<both>);
static_assert(!owning_policy<both> && !resettable_policy<both> && !zeroing_policy<both>);
static_assert(!single_threaded_v<fallback<inline_buffer<8>, single_threaded<new_source>>> &&
                  single_threaded_v<fallback<null_source, single_threaded<bump<>>>> &&
                  single_threaded_v<fallback<single_threaded<inline_buffer<8>>, bump<>>>,
              "whoever sees every call guards it");
static_assert(!thread_safe_v<both> && thread_safe_v<fallback<null_source, new_source>>);
static_assert(owning_policy<fallback<buffer, null_source>> &&
              zero_fresh_v<fallback<zeroed<inline_buffer<8>>, pages<>>>);

template <class Place>
bool is_inside(const Place& place, const void* at) {
    return detail::address(at) - detail::address(&place) < sizeof place;
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        stack_first<4'096, pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<stack_first<1'024, pool16<probe>>>({160, 64});
    rich::record record;
    stack_first<4'096, rich> few{record};
    test::conformance(few, {200, 256});
    BOOST_TEST(record.live.empty());
    test::never_misaligned(before_main);
}

BOOST_AUTO_TEST_CASE(keeps_the_laws_of_rounding_whichever_policy_serves) {
    ledger book;
    {
        both pool{book};
        test::conformance(pool, {300, 64});
        BOOST_TEST(pool.spills() > 0U);
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<both>({300, 64});
}

BOOST_AUTO_TEST_CASE(promises_no_more_bytes_than_the_lesser_of_both) {
    ledger book;
    both pool{book};
    const region first;
    const pool16<probe> second{book};
    for (std::size_t size = 1; size < 2'000; ++size) {
        const layout want{size, 8};
        BOOST_TEST_REQUIRE(pool.good_size(want) ==
                           std::min(first.good_size(want), second.good_size(want)));
    }
}

BOOST_AUTO_TEST_CASE(constructs_each_policy_from_a_tuple_of_its_own) {
    alignas(64) std::array<std::byte, 512> bytes;
    ledger book;
    fallback<buffer, probe> place{std::piecewise_construct, std::tuple(std::span(bytes)),
                                  std::tie(book)};
    void* const inside = place.allocate({400, 8});
    void* const outside = place.allocate({400, 8});
    BOOST_TEST(inside == bytes.data());
    BOOST_TEST(book.live.count(outside) == 1U);
    place.deallocate(outside, {400, 8});
}

BOOST_AUTO_TEST_CASE(has_zeroed_blocks_from_either) {
    using clean = fallback<zeroed<inline_buffer<256>>, zeroed<pool16<>>>;
    static_assert(zeroing_policy<clean> && zero_fresh_v<clean>);
    clean place;
    for (int i = 0; i < 8; ++i) {
        auto* const at = static_cast<char*>(place.allocate_zeroed({60, 4}));
        BOOST_TEST(std::count(at, at + 60, 0) == 60);
        std::memset(at, 1, 60);
        if (i > 5) { place.deallocate(at, {60, 4}); } // the rest ends with its policies
    }
    BOOST_TEST(place.spills() > 3U);

    rich::record record;
    fallback<zeroed<inline_buffer<16>>, rich> other{record};
    void* const outside = other.allocate_zeroed({100, 8});
    BOOST_TEST(record.zeroings == 1U);
    other.deallocate(outside, {100, 8});
}

BOOST_AUTO_TEST_CASE(keeps_everybody_out_of_both_or_of_none) {
    static std::string log;
    static bool taken = false;
    struct first_lock {
        static void lock() { log += "L1 "; }
        static bool try_lock() { return (log += "T1 ", true); }
        static void unlock() { log += "U1 "; }
    };
    struct second_lock {
        static void lock() { log += "L2 "; }
        static bool try_lock() { return (log += "T2 ", !taken); }
        static void unlock() { log += "U2 "; }
    };
    using pair = fallback<locked<null_source, first_lock>, locked<null_source, second_lock>>;
    static_assert(lockable_policy<pair> && thread_safe_v<pair> && !lockable_policy<both>);
    pair all;
    all.lock();
    all.unlock();
    BOOST_TEST(log == "L1 L2 U1 U2 ");
    log.clear();
    BOOST_TEST(all.try_lock());
    BOOST_TEST(log == "T1 T2 ");
    log.clear();
    taken = true;
    BOOST_TEST(!all.try_lock());
    BOOST_TEST(log == "T1 T2 U1 ");
    fallback<null_source, locked<null_source>> half;
    half.lock();
    BOOST_TEST(!half.try_lock());
    half.unlock();
}

BOOST_AUTO_TEST_CASE(trims_both) {
    struct hoard : null_source {
        static std::size_t trim() noexcept { return 5; }
    };
    fallback<hoard, fallback<hoard, null_source>> nested;
    BOOST_TEST(nested.trim() == 10U);
}

BOOST_AUTO_TEST_CASE(serves_in_place_first_and_counts_what_it_spills) {
    ledger book;
    stack_first<256, probe> place{book};
    void* const a = place.allocate({100, 8});
    BOOST_TEST(is_inside(place, a));
    BOOST_TEST(place.spills() == 0U);
    void* const large = place.allocate({1'000, 8});
    BOOST_TEST(!is_inside(place, large));
    BOOST_TEST(place.spills() == 1U);
    void* const b = place.allocate({100, 8}); // there is still room
    BOOST_TEST(is_inside(place, b));
    BOOST_TEST(book.served == 1U);
    book.budget = 0;
    BOOST_TEST(place.allocate({100, 8}) == nullptr);
    BOOST_TEST(place.spills() == 2U);
    place.deallocate(large, {1'000, 8});
    place.deallocate(b, {100, 8});
    BOOST_TEST(book.live.empty());
    BOOST_TEST(place.allocate({100, 8}) == b);
}

BOOST_AUTO_TEST_CASE(is_bounded_above_a_null_source) {
    stack_first<256, null_source> place;
    BOOST_TEST(place.allocate({257, 1}) == nullptr);
    void* const all = place.allocate({256 - redzone, 16});
    BOOST_TEST(is_inside(place, all));
    BOOST_TEST(place.allocate({1, 1}) == nullptr);
    BOOST_TEST(place.spills() == 2U);
}

BOOST_AUTO_TEST_CASE(refuses_an_alignment_that_a_spill_could_not_have) {
    rich::record record;
    stack_first<8'192, rich> place{record};
    BOOST_TEST(place.allocate({8, 512}) == nullptr);
    BOOST_TEST(place.spills() == 0U);
    BOOST_TEST(is_inside(place, place.allocate({8, 256})));
}

BOOST_AUTO_TEST_CASE(resizes_each_block_where_it_is) {
    rich::record record;
    stack_first<256, rich> place{record};
    void* const inside = place.allocate({40, 8});
    void* const outside = place.allocate({300, 8});
    BOOST_TEST(place.resize(inside, {40, 8}, 200));
    BOOST_TEST(!place.resize(inside, {200, 8}, 300));
    BOOST_TEST(place.resize(outside, {300, 8}, 600));
    BOOST_TEST((record.live[outside] == layout{600, 8}));
    place.deallocate(outside, {600, 8});
    stack_first<256> rigid;
    void* const spilled = rigid.allocate({300, 8});
    BOOST_TEST(!rigid.resize(spilled, {300, 8}, 200));
    rigid.deallocate(spilled, {300, 8});
}

BOOST_AUTO_TEST_CASE(owns_its_blocks_and_those_of_its_upstream) {
    rich::record record;
    stack_first<256, rich> place{record};
    const int other = 0;
    void* const outside = place.allocate({300, 8});
    BOOST_TEST(place.owns(place.allocate({8, 8})));
    BOOST_TEST(place.owns(outside));
    BOOST_TEST(!place.owns(&other));
    place.deallocate(outside, {300, 8});
    BOOST_TEST(!place.owns(outside));
}

BOOST_AUTO_TEST_CASE(starts_over_when_it_is_reset) {
    ledger book;
    {
        stack_first<256, bump<bump_options{}, probe>> place{book};
        void* const first = place.allocate({200, 8});
        void* const spilled = place.allocate({200, 8});
        place.reset();
        BOOST_TEST(place.allocate({200, 8}) == first);
        BOOST_TEST(place.allocate({200, 8}) == spilled);
        place.reset();
        BOOST_TEST(place.trim() != 0U);
        BOOST_TEST(book.live.empty());
    }
}

BOOST_AUTO_TEST_CASE(serves_the_containers_of_a_scope_by_ref) {
    stack_first<4'096> place;
    using alloc = allocator<int, ref<stack_first<4'096>>>;
    std::list<int, alloc> list({1, 2, 3}, alloc{place});
    std::vector<int, alloc> vector(100, 7, alloc{place});
    BOOST_TEST(is_inside(place, vector.data()));
    BOOST_TEST(is_inside(place, &list.front()));
    BOOST_TEST(place.spills() == 0U);
    vector.resize(10'000, 7);
    BOOST_TEST(place.spills() == 1U);
    BOOST_TEST(vector.back() == 7);
}
