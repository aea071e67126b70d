// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/depot.hpp>

#include <alloy/compose/locked.hpp>
#include <alloy/core/mutex.hpp>
#include <alloy/policy/next_fit.hpp>

#include "support/batching_probe.hpp"
#include "support/conformance.hpp"
#include "support/hand_over.hpp"
#include "support/interrupted.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::batching_probe;
using test::ledger;

namespace {

constexpr layout node{32, 8};
template <depot_options Options = depot_options{.slots = 8}>
using small = depot<node, batching_probe, Options>;
using in_order = small<depot_options{.slots = 8, .ordered = 10 * node.size}>;

static_assert(policy<small<>> && batching_policy<small<>> && rounding_policy<small<>> &&
              trimming_policy<small<>> && accounting_policy<small<>> && binning_policy<small<>>);
static_assert(!owning_policy<small<>> && !resizing_policy<small<>> && !thread_safe_v<small<>>);
static_assert(!std::copy_constructible<small<>> && !std::movable<small<>>);
static_assert(!std::is_constructible_v<small<>, small<>&>);
static_assert(small<>::max_align == any_align && small<>::max_size == any_size);
static_assert(small<>::block == node && depot<layout{1, 16}, batching_probe>::block.size == 16);

constinit depot<node, test::empty_batches> before_main; // construction acquires nothing

std::vector<void*> take(auto& from, std::size_t n, layout want = node) {
    std::vector<void*> row(n);
    row.resize(from.allocate_batch(want, row.data(), n));
    return row;
}
void give(auto& to, const std::vector<void*>& row, layout given = node) {
    to.deallocate_batch(row.data(), row.size(), given);
}
std::vector<void*> part(const std::vector<void*>& row, std::size_t from, std::size_t to) {
    using offset = std::ptrdiff_t;
    return {row.begin() + static_cast<offset>(from), row.begin() + static_cast<offset>(to)};
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        small<> kept{book};
        test::conformance(kept, {200, 64});
        test::never_misaligned(kept);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    test::survives_every_failure<small<>>({200, 64});
    test::survives_every_failure<in_order>({200, 64});
}

BOOST_AUTO_TEST_CASE(is_null_if_its_upstream_is_out_from_the_start) {
    BOOST_TEST(before_main.allocate({8, 8}) == nullptr);
    BOOST_TEST(take(before_main, 5).empty());
    BOOST_TEST(before_main.trim() == 0U);
}

BOOST_AUTO_TEST_CASE(a_batch_that_came_back_goes_out_again_as_it_was_and_the_newest_first) {
    ledger book;
    small<> kept{book};
    const std::vector<void*> a = take(kept, 3);
    const std::vector<void*> b = take(kept, 3);
    give(kept, a);
    give(kept, b);
    batching_probe::forget();
    BOOST_TEST(take(kept, 3) == b);
    BOOST_TEST(take(kept, 3) == a);
    BOOST_TEST(batching_probe::batches == 0);
    BOOST_TEST(book.live.size() == 6U);
    give(kept, a);
    give(kept, b);
}

BOOST_AUTO_TEST_CASE(what_a_batch_lacks_comes_from_upstream) {
    ledger book;
    small<> kept{book};
    const std::vector<void*> a = take(kept, 3);
    give(kept, a);
    batching_probe::forget();
    const std::vector<void*> b = take(kept, 5);
    BOOST_TEST(part(b, 0, 3) == a);
    BOOST_TEST(part(b, 3, 5) == batching_probe::taken);
    BOOST_TEST(batching_probe::batches == 1);
    give(kept, b);
}

BOOST_AUTO_TEST_CASE(what_finds_no_room_goes_upstream_the_oldest_first) {
    ledger book;
    small<> kept{book};
    const std::vector<void*> row = take(kept, 13);
    batching_probe::forget();
    give(kept, part(row, 0, 6));
    BOOST_TEST(batching_probe::returned.empty());
    give(kept, part(row, 6, 12));
    BOOST_TEST(batching_probe::returned == part(row, 6, 10));
    kept.deallocate(row[12], node);
    BOOST_TEST(batching_probe::returned.back() == row[12]);
    BOOST_TEST(take(kept, 2) == part(row, 10, 12));
    give(kept, part(row, 10, 12));
}

BOOST_AUTO_TEST_CASE(keeps_nothing_while_more_is_live_than_is_near) {
    ledger book;
    in_order kept{book};
    std::vector<void*> row = take(kept, 12);
    batching_probe::forget();
    give(kept, part(row, 0, 1)); // of twelve
    give(kept, part(row, 1, 2)); // of eleven
    BOOST_TEST(batching_probe::returned == part(row, 0, 2));
    give(kept, part(row, 2, 6)); // of ten: from here on they stay
    give(kept, part(row, 6, 7));
    BOOST_TEST(batching_probe::returned == part(row, 0, 2));
    BOOST_TEST(kept.bin(0).free == 5U);
    row = part(row, 7, 12);
    for (void* const each : take(kept, 6)) { row.push_back(each); }
    give(kept, part(row, 10, 11)); // of eleven
    BOOST_TEST(kept.bin(0).free == 0U);
    give(kept, part(row, 0, 10));
    BOOST_TEST(kept.bin(0).free == 8U);
}

BOOST_AUTO_TEST_CASE(keeps_what_there_is_room_for_if_told_that_all_is_near) {
    ledger book;
    small<depot_options{.slots = 8, .ordered = unlimited}> kept{book};
    give(kept, take(kept, 1'000));
    BOOST_TEST(kept.bin(0).free == 8U);
}

BOOST_AUTO_TEST_CASE(single_blocks_are_batches_of_one) {
    ledger book;
    small<> kept{book};
    void* const at = kept.allocate({20, 4});
    BOOST_TEST((book.live.at(at) == node));
    kept.deallocate(at, {20, 4});
    BOOST_TEST(book.live.size() == 1U);
    BOOST_TEST(kept.allocate({1, 1}) == at);
    kept.deallocate(at, {1, 1});
    BOOST_TEST(kept.good_size({1, 1}) == node.size);
}

BOOST_AUTO_TEST_CASE(passes_by_what_is_larger_or_aligned_more_strongly) {
    ledger book;
    small<> kept{book};
    for (const layout want : {layout{33, 8}, layout{16, 16}}) {
        void* const at = kept.allocate(want);
        BOOST_TEST((book.live.at(at) == want));
        kept.deallocate(at, want);
        const std::vector<void*> row = take(kept, 3, want);
        BOOST_TEST(book.live.size() == 3U);
        give(kept, row, want);
        BOOST_TEST(book.live.empty());
        BOOST_TEST(kept.good_size(want) == want.size);
    }
}

BOOST_AUTO_TEST_CASE(a_batch_is_short_only_if_upstream_is_out) {
    ledger book{.budget = 5};
    small<> kept{book};
    const std::vector<void*> row = take(kept, 3);
    give(kept, row);
    BOOST_TEST(take(kept, 9).size() == 5U);
    BOOST_TEST(take(kept, 1).empty());
    give(kept, row);
    BOOST_TEST(take(kept, 9) == row);
    give(kept, row);
    BOOST_TEST(kept.trim() == 3 * node.size);
    BOOST_TEST(book.live.size() == 2U);
    for (const auto& [at, given] : ledger(book).live) { kept.deallocate(at, given); }
}

BOOST_AUTO_TEST_CASE(trims_to_nothing_and_says_how_much) {
    ledger book;
    small<> kept{book};
    give(kept, take(kept, 4));
    BOOST_TEST((kept.account() == byte_account{.taken = 4 * 32, .cached = 4 * 32}));
    BOOST_TEST(kept.bin(0).size == 32U);
    BOOST_TEST(kept.trim() == 4 * 32U);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(kept.trim() == 0U);
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_what_it_keeps_from_the_first_byte_on) {
    ledger book;
    small<> kept{book};
    const std::vector<void*> row = take(kept, 2);
    give(kept, row);
    for (void* const each : row) {
        auto* const at = static_cast<unsigned char*>(each);
        BOOST_TEST(__asan_address_is_poisoned(at) == 1);
        BOOST_TEST(__asan_address_is_poisoned(at + 31) == 1);
    }
    static_cast<void>(take(kept, 2));
    for (void* const each : row) { BOOST_TEST(__asan_address_is_poisoned(each) == 0); }
    give(kept, row);
}
#endif

BOOST_AUTO_TEST_CASE(hands_out_what_a_handler_released_though_upstream_is_out) {
    using source = test::interrupted<struct soon_out>;
    depot<node, source> kept;
    void* const at = kept.allocate(node);
    source::refuses = true;
    source::before_next = [&] { kept.deallocate(at, node); };
    BOOST_TEST(kept.allocate(node) == at);
    BOOST_TEST(kept.allocate(node) == nullptr);
    source::refuses = false;
    kept.deallocate(at, node);
}

BOOST_AUTO_TEST_CASE(loses_no_block_to_a_handler_that_releases_while_upstream_is_asked) {
    using source = test::interrupted<struct under_a_depot>;
    for (const std::size_t n : {1UL, 6UL, 9UL}) {
        depot<node, source, depot_options{.slots = 8}> kept;
        std::vector<void*> row = take(kept, n + 2);
        source::before_next = [&] { give(kept, part(row, 0, n)); };
        const std::vector<void*> fresh = take(kept, 3);
        BOOST_TEST(source::out == 2 + fresh.size() + kept.bin(0).free);
        give(kept, fresh);
        give(kept, part(row, n, n + 2));
        kept.trim();
        BOOST_TEST(source::out == 0U);
    }
}

BOOST_AUTO_TEST_CASE(no_block_that_threads_trade_is_owned_twice) {
    locked<depot<layout{48, 16}, next_fit<layout{48, 16}>, depot_options{.slots = 16}>, spin_lock>
        place;
    for (const unsigned threads : {2U, 4U}) {
        const std::uint64_t enough = test::thinned(1'000'000);
        const auto [operations, refused, faults] =
            test::hand_over(place, {{48, 16}, threads, enough}).run();
        BOOST_TEST(operations + threads >= enough);
        BOOST_TEST(refused == 0U);
        BOOST_TEST(faults == 0U);
    }
}
