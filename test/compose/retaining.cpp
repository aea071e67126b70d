// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/retaining.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/compose/quantize.hpp>
#include <alloy/compose/sharded.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/mutex.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>
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
static_assert(!batching_policy<retaining<1'000, pool16<>>> &&
              !measuring_policy<retaining<1'000, measured<new_source>>>);
static_assert(resizing_policy<retaining<1'000, pool16<>>> && !resizing_policy<few> &&
              zeroing_policy<retaining<1'000, malloc_source>> && !zeroing_policy<few>);
static_assert(!resettable_policy<retaining<1'000, bump<>>> &&
              !marking_policy<retaining<1'000, bump<>>>);
static_assert(!thread_safe_v<retaining<1'000>> && !zero_fresh_v<retaining<1'000, pages<>>>);
static_assert(migratory_v<retaining<1'000>> && !migratory_v<few>);
using together = retaining<10'000, new_source, 4, std::mutex>;
static_assert(thread_safe_v<together> && lockable_policy<together> && !lockable_policy<few>);
static_assert(policy<sharded<together, 2>>, "a block may go to another's row");
static_assert(!std::copy_constructible<few> && !std::movable<few>);
static_assert(!std::is_constructible_v<few, few&>);
static_assert(retaining<1'000, region>::max_align == region::max_align &&
              max_size_v<retaining<1'000, pages<>>> == max_size_v<pages<>>);

constinit retaining<1'000, pool16<>> before_main; // construction acquires nothing

/// Not held by who asks for memory.
struct noticed {
    void lock() noexcept { held = true; }
    [[nodiscard]] bool try_lock() noexcept { return !std::exchange(held, true); }
    void unlock() noexcept { held = false; }
    static inline bool held = false;
};
struct asked_in_the_open : new_source {
    static void* allocate(layout want) noexcept {
        BOOST_TEST(!noticed::held);
        return new_source::allocate(want);
    }
    static void deallocate(void* at, layout given) noexcept {
        BOOST_TEST(!noticed::held);
        new_source::deallocate(at, given);
    }
};

/// Says what it was asked to resize, and does not.
struct resized : new_source {
    static bool resize(void* /*at*/, layout given, std::size_t size) noexcept {
        asked = given;
        wanted = size;
        return false;
    }
    static inline layout asked{0, 1};
    static inline std::size_t wanted = 0;
};

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
    come_and_go(pool, {1, 8}); // the oldest must go
    BOOST_TEST(book.bytes() == 601U);
    BOOST_TEST(!book.live.contains(old));
    come_and_go(pool, {800, 8}); // two at once
    BOOST_TEST(book.bytes() == 801U);
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

BOOST_AUTO_TEST_CASE(gives_one_back_where_that_makes_room_in_slots_and_bytes) {
    ledger book;
    few pool{book};
    std::vector<void*> blocks(5);
    for (void*& each : blocks) { each = pool.allocate({250, 8}); }
    for (void* const each : blocks) { pool.deallocate(each, {250, 8}); }
    BOOST_TEST(book.bytes() == 1'000U);
    BOOST_TEST(!book.live.contains(blocks[0]));
}

BOOST_AUTO_TEST_CASE(grows_where_it_is_what_upstream_can_grow) {
    retaining<4'096, bump<>> pool;
    void* const at = pool.allocate({100, 8});
    BOOST_TEST_REQUIRE(pool.resize(at, {100, 8}, 500)); // the newest, so there is room behind it
    std::memset(at, 1, 500);
    pool.deallocate(at, {500, 8});
    void* const other = pool.allocate({600, 8});
    BOOST_TEST(pool.allocate({500, 8}) == at);
    BOOST_TEST(!pool.resize(at, {500, 8}, 2'000));
    pool.deallocate(at, {500, 8});
    pool.deallocate(other, {600, 8});

    retaining<4'096, resized> weak;
    void* const byte = weak.allocate({100, 1});
    BOOST_TEST(!weak.resize(byte, {100, 1}, 200));
    BOOST_TEST((resized::asked == layout{100, alignof(std::max_align_t)}));
    BOOST_TEST(resized::wanted == 200U);
    weak.deallocate(byte, {100, 1});
}

BOOST_AUTO_TEST_CASE(zeroes_a_block_that_was_used) {
    retaining<1'000, malloc_source> pool;
    auto* const at = static_cast<unsigned char*>(pool.allocate({100, 8}));
    std::memset(at, 1, 100);
    pool.deallocate(at, {100, 8});
    BOOST_TEST(pool.allocate_zeroed({100, 8}) == at);
    BOOST_TEST(std::all_of(at, at + 100, [](unsigned char each) { return each == 0; }));
    auto* const other = static_cast<unsigned char*>(pool.allocate_zeroed({100, 8}));
    BOOST_TEST(std::all_of(other, other + 100, [](unsigned char each) { return each == 0; }));
    pool.deallocate(at, {100, 8});
    pool.deallocate(other, {100, 8});
}

BOOST_AUTO_TEST_CASE(holds_no_lock_while_it_asks_upstream) {
    retaining<1'000, asked_in_the_open, 2, noticed> pool;
    void* const first = pool.allocate({400, 8});
    void* const second = pool.allocate({500, 8});
    come_and_go(pool, {1'001, 8});
    pool.deallocate(first, {400, 8});
    pool.deallocate(second, {500, 8});
    come_and_go(pool, {600, 8}); // both must go
    BOOST_TEST(pool.trim() == 600U);
    BOOST_TEST(!noticed::held);
    pool.lock();
    BOOST_TEST(noticed::held);
    BOOST_TEST(!pool.try_lock());
    pool.unlock();
    BOOST_TEST(pool.try_lock());
    pool.unlock();
}

BOOST_AUTO_TEST_CASE(hands_blocks_from_thread_to_thread) {
    together pool;
    std::atomic<int> faults{0}; // Boost.Test does not count across threads
    const auto work = [&](unsigned char mine) {
        for (std::size_t i = 0; i < 20'000; ++i) {
            const layout block{1'000 + i % 3 * 1'000, 8};
            auto* const at = static_cast<unsigned char*>(pool.allocate(block));
            at[0] = at[block.size - 1] = mine;
            if (i % 64 == 0) { std::this_thread::yield(); }
            if (at[0] != mine || at[block.size - 1] != mine) { ++faults; }
            pool.deallocate(at, block);
        }
    };
    std::thread one(work, 1);
    std::thread other(work, 2);
    one.join();
    other.join();
    BOOST_TEST(faults == 0);
    BOOST_TEST(pool.account().cached <= 10'000U);
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

BOOST_AUTO_TEST_CASE(lets_upstream_trim_as_well) {
    retaining<1'000, pool16<>> pool;
    come_and_go(pool, {100, 8});
    pool.trim();
    pool.each_upstream([](const auto& upstream) { BOOST_TEST(upstream.held() == 0U); });
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
    void* const at = pool.allocate({104, 8});
    std::memset(at, 1, 104);
    pool.deallocate(at, {104, 8});
#if defined(ALLOY_HAS_ASAN)
    BOOST_TEST(__asan_address_is_poisoned(at) != 0);
    BOOST_TEST(__asan_address_is_poisoned(static_cast<char*>(at) + 103) != 0);
#endif
    BOOST_TEST(pool.allocate({104, 8}) == at);
    std::memset(at, 2, 104);
    pool.deallocate(at, {104, 8});
}
