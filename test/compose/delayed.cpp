// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/delayed.hpp>

#include <alloy/core/size_class.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

using sizes = linear_classes<8, 16>;
using few = delayed<sizes, probe, 8>;

// Knows its own.
constexpr range_options range{.bytes = 65'536, .unit = 64, .largest = 1'024, .align = 128};
using region = buddy<range, inline_buffer<81'920>>;

static_assert(policy<few> && rounding_policy<few> && trimming_policy<few>);
static_assert(owning_policy<delayed<sizes, region>> && !owning_policy<few>);
static_assert(zeroing_policy<delayed<sizes, rich>> && !zeroing_policy<few>);
static_assert(!batching_policy<delayed<sizes, rich>> && !resizing_policy<delayed<sizes, rich>> &&
              !measuring_policy<delayed<sizes, rich>>);
static_assert(!resettable_policy<delayed<sizes, bump<>>> &&
              !marking_policy<delayed<sizes, bump<>>>);
static_assert(!thread_safe_v<delayed<sizes, new_source>> &&
              !migratory_v<delayed<sizes, new_source>>);
static_assert(zero_fresh_v<delayed<sizes, pages<>>> && !zero_fresh_v<few>);
static_assert(outermost_guard_v<few> == guard_rank::cache);
static_assert(!std::copy_constructible<few> && !std::movable<few>);
static_assert(!std::is_constructible_v<few, few&>);

constinit delayed<sizes, pool16<>> before_main; // construction acquires nothing

constexpr layout one{16, 16};

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        few place{book};
        test::conformance(place, {200, 64});
        test::never_misaligned(place);
    }
    BOOST_TEST(book.live.empty());
    {
        delayed<sizes, pool16<probe>> place{book};
        test::conformance(place, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    rich::record record;
    {
        delayed<sizes, rich, 4> place{record};
        test::conformance(place, {200, 64});
    }
    BOOST_TEST(record.live.empty());
    delayed<sizes, region, 16> bounded;
    test::conformance(bounded, {200, 64});
    test::conformance(before_main, {200, 64});
    test::survives_every_failure<few>({200, 64}, 100);
    test::survives_every_failure<delayed<sizes, pool16<probe>, 8>>({200, 64}, 100);
}

BOOST_AUTO_TEST_CASE(holds_back_as_many_as_it_has_slots_and_lets_the_first_go_first) {
    delayed<linear_classes<16, 1>, freelist<one>, 8> place;
    std::array<void*, 20> all{};
    for (void*& each : all) { each = place.allocate(one); }
    std::array<void*, 20> again{};
    for (std::size_t i = 0; i < all.size(); ++i) {
        place.deallocate(all[i], one);
        void* const next = place.allocate(one); // the newest that upstream has
        again[i] = next;
        if (i < 8) {
            BOOST_TEST(std::find(all.begin(), all.end(), next) == all.end());
        } else {
            BOOST_TEST(next == all[i - 8]);
        }
    }
    for (void* const each : again) { place.deallocate(each, one); }
}

BOOST_AUTO_TEST_CASE(classes_do_not_push_each_other_out) {
    ledger book;
    few place{book};
    std::vector<void*> all;
    for (std::size_t size = 8; size <= 128; size += 8) {
        for (int i = 0; i < 8; ++i) { all.push_back(place.allocate({size, 8})); }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        place.deallocate(all[i], {i / 8 * 8 + 8, 8});
        BOOST_TEST_REQUIRE(book.live.size() == all.size());
    }
    void* const more = place.allocate({8, 8});
    place.deallocate(more, {8, 8});
    BOOST_TEST(book.live.size() == all.size());
    BOOST_TEST(!book.live.contains(all[0]));
    BOOST_TEST(book.live.contains(more));
}

BOOST_AUTO_TEST_CASE(asks_for_whole_classes_and_passes_by_what_has_none) {
    ledger book;
    few place{book};
    void* const small = place.allocate({21, 1});
    BOOST_TEST((book.live.at(small) == layout{24, 8}));
    void* const aligned = place.allocate({21, 16});
    BOOST_TEST((book.live.at(aligned) == layout{32, 32}));
    void* const large = place.allocate({129, 8});
    BOOST_TEST((book.live.at(large) == layout{129, 8}));
    place.deallocate(large, {129, 8});
    BOOST_TEST(!book.live.contains(large));
    place.deallocate(aligned, {32, 16});
    place.deallocate(small, {24, 1});
    BOOST_TEST(book.live.size() == 2U);
    BOOST_TEST(place.good_size({129, 8}) == 129U);
    BOOST_TEST(place.good_size({100, 8}) == 104U);
}

BOOST_AUTO_TEST_CASE(tells_what_rests_and_trims_to_nothing) {
    ledger book;
    few place{book};
    BOOST_TEST(place.trim() == 0U);
    std::array<void*, 3> all{};
    for (void*& each : all) { each = place.allocate({100, 8}); }
    for (void* const each : all) { place.deallocate(each, {100, 8}); }
    BOOST_TEST(place.bin(12).size == 104U);
    BOOST_TEST(place.bin(12).free == 3U);
    BOOST_TEST(place.bin(11).free == 0U);
    BOOST_TEST((place.account() == byte_account{.taken = 312, .cached = 312}));
    BOOST_TEST(place.trim() == 312U);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(place.account().taken == 0U);

    delayed<sizes, pool16<probe>> deep{book};
    deep.deallocate(deep.allocate({100, 8}), {100, 8});
    BOOST_TEST(deep.trim() == 104U);
    BOOST_TEST(book.live.empty(), "upstream trims too");
}

BOOST_AUTO_TEST_CASE(what_rests_makes_no_room_but_stays_whole) {
    ledger book{.budget = 2};
    few place{book};
    void* const first = place.allocate(one);
    void* const second = place.allocate(one);
    place.deallocate(first, one);
    place.deallocate(second, one);
    BOOST_TEST(place.allocate(one) == nullptr);
    BOOST_TEST(place.account().cached == 32U);
    BOOST_TEST(place.trim() == 32U);
}

BOOST_AUTO_TEST_CASE(owns_what_its_upstream_does) {
    delayed<sizes, region, 16> place;
    void* const small = place.allocate({40, 8});
    void* const large = place.allocate({400, 8});
    BOOST_TEST((place.owns(small) && place.owns(large)));
    BOOST_TEST(!place.owns(&place));
    place.deallocate(small, {40, 8});
    place.deallocate(large, {400, 8});
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_what_rests_from_the_first_byte_on) {
    delayed<sizes, new_source, 8> place;
    auto* const at = static_cast<unsigned char*>(place.allocate({32, 8}));
    BOOST_TEST(__asan_region_is_poisoned(at, 32) == nullptr);
    place.deallocate(at, {32, 8});
    BOOST_TEST(__asan_address_is_poisoned(at) == 1);
    BOOST_TEST(__asan_address_is_poisoned(at + 31) == 1);
}
#endif
