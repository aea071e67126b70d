// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/retaining.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/quantize.hpp>
#include <alloy/compose/sharded.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/gauge/observe.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"

#include <concepts>
#include <cstddef>
#include <cstring>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

using few = retaining<1'000, probe, 4>;

// Knows its own, and is soon full.
constexpr range_options range{.bytes = 65'536, .unit = 64, .largest = 1'024, .align = 128};
using region = buddy<range, inline_buffer<81'920>>;

static_assert(policy<few> && rounding_policy<few> && trimming_policy<few>);
static_assert(owning_policy<retaining<1'000, region>> && !owning_policy<few>);
static_assert(!batching_policy<few> && !resizing_policy<few> && !zeroing_policy<few> &&
              !measuring_policy<few>);
static_assert(!resettable_policy<retaining<1'000, bump<>>> &&
              !marking_policy<retaining<1'000, bump<>>>);
static_assert(!thread_safe_v<retaining<1'000>> && !zero_fresh_v<retaining<1'000, pages<>>>);
static_assert(migratory_v<retaining<1'000>> && !migratory_v<few>);
static_assert(policy<sharded<locked<retaining<1'000>>, 2>>, "a block may go to another's row");
static_assert(!std::copy_constructible<few> && !std::movable<few>);
static_assert(!std::is_constructible_v<few, few&>);
static_assert(retaining<1'000, region>::max_align == region::max_align &&
              max_size_v<retaining<1'000, pages<>>> == max_size_v<pages<>>);

constinit retaining<1'000, pool16<>> before_main; // construction acquires nothing

/// Takes a block and gives it back.
void* come_and_go(auto& pool, layout want) {
    void* const at = pool.allocate(want);
    pool.deallocate(at, want);
    return at;
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        few pool{book};
        test::conformance(pool, {300, 64});
        retaining<1U << 20U, quantize<parts_to_a_doubling<8>, probe>> rounding{book};
        test::conformance(rounding, {5'000, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<few>({200, 64});
    test::conformance(before_main, {300, 64});
    test::never_misaligned(before_main);
    retaining<4'096, region> own;
    test::conformance(own, {400, 64});
}

BOOST_AUTO_TEST_CASE(hands_the_newest_block_of_a_layout_out_again) {
    ledger book;
    few pool{book};
    void* const first = pool.allocate({100, 8});
    void* const second = pool.allocate({100, 8});
    void* const other = pool.allocate({104, 8});
    pool.deallocate(first, {100, 8});
    pool.deallocate(second, {100, 8});
    pool.deallocate(other, {104, 8});
    BOOST_TEST(book.live.size() == 3U);
    BOOST_TEST(pool.allocate({100, 1}) == second); // weak alignments are all alike
    BOOST_TEST(pool.allocate({100, 16}) == first);
    BOOST_TEST(pool.allocate({104, 8}) == other);
    BOOST_TEST(book.requests == 3U);
    void* const strong = pool.allocate({100, 32});
    pool.deallocate(first, {100, 16});
    pool.deallocate(strong, {100, 32});
    BOOST_TEST(pool.allocate({100, 8}) == first);
    BOOST_TEST(pool.allocate({100, 32}) == strong);
    BOOST_TEST(book.requests == 4U);
    pool.deallocate(first, {100, 8});
    pool.deallocate(second, {100, 8});
    pool.deallocate(other, {104, 8});
    pool.deallocate(strong, {100, 32});
}

BOOST_AUTO_TEST_CASE(keeps_no_more_bytes_than_it_may_and_the_newest_of_them) {
    ledger book;
    few pool{book};
    void* const old = pool.allocate({400, 8});
    void* const middle = pool.allocate({300, 8});
    void* const young = pool.allocate({300, 8});
    pool.deallocate(old, {400, 8});
    pool.deallocate(middle, {300, 8});
    pool.deallocate(young, {300, 8});
    BOOST_TEST(book.bytes() == 1'000U);
    come_and_go(pool, {2, 8}); // the oldest must go
    BOOST_TEST(book.bytes() == 602U);
    BOOST_TEST(!book.live.contains(old));
    come_and_go(pool, {800, 8}); // two at once
    BOOST_TEST(book.bytes() == 802U);
    come_and_go(pool, {1'000, 8}); // all
    BOOST_TEST(book.bytes() == 1'000U);
    BOOST_TEST(book.live.size() == 1U);
}

BOOST_AUTO_TEST_CASE(keeps_no_more_blocks_than_it_has_slots) {
    ledger book;
    few pool{book};
    std::vector<void*> blocks(6);
    for (void*& each : blocks) { each = pool.allocate({10, 8}); }
    for (void* const each : blocks) { pool.deallocate(each, {10, 8}); }
    BOOST_TEST(book.live.size() == 4U);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        BOOST_TEST(book.live.contains(blocks[i]) == (i >= 2));
    }
}

BOOST_AUTO_TEST_CASE(passes_on_what_is_larger_than_all_it_may_keep) {
    ledger book;
    few pool{book};
    come_and_go(pool, {10, 8});
    come_and_go(pool, {1'001, 8});
    BOOST_TEST(book.bytes() == 10U);
}

BOOST_AUTO_TEST_CASE(keeps_what_it_has_when_a_request_fails) {
    ledger book;
    few pool{book};
    come_and_go(pool, {10, 8});
    book.budget = 0;
    BOOST_TEST(pool.allocate({20, 8}) == nullptr);
    BOOST_TEST(book.bytes() == 10U);
    void* const at = pool.allocate({10, 8});
    BOOST_TEST(at != nullptr);
    pool.deallocate(at, {10, 8});
}

BOOST_AUTO_TEST_CASE(trims_all_of_it_and_says_how_much) {
    ledger book;
    few pool{book};
    come_and_go(pool, {10, 8});
    come_and_go(pool, {20, 8});
    BOOST_TEST((pool.account() == byte_account{.taken = 30, .cached = 30}));
    BOOST_TEST(pool.trim() == 30U);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(pool.trim() == 0U);
    BOOST_TEST((pool.account() == byte_account{}));
    BOOST_TEST(come_and_go(pool, {10, 8}) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_vector_that_is_built_again_gets_the_same_blocks) {
    ledger book;
    retaining<1U << 16U, quantize<parts_to_a_doubling<8>, probe>> pool{book};
    const auto build = [&] {
        std::vector<int, allocator<int, ref<decltype(pool)>>> made(pool);
        for (int i = 0; i < 1'000; ++i) { made.push_back(i); }
        BOOST_TEST(made.back() == 999);
    };
    build();
    const std::size_t before = book.requests;
    for (int i = 0; i < 10; ++i) { build(); }
    BOOST_TEST(book.requests == before);
}

BOOST_AUTO_TEST_CASE(what_is_kept_is_off_limits) {
    retaining<1'000> pool;
    void* const at = pool.allocate({100, 8});
    std::memset(at, 1, 100);
    pool.deallocate(at, {100, 8});
#if defined(ALLOY_HAS_ASAN)
    BOOST_TEST(__asan_address_is_poisoned(at) != 0);
#endif
    BOOST_TEST(pool.allocate({100, 8}) == at);
    std::memset(at, 2, 100);
    pool.deallocate(at, {100, 8});
}
