// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/growing.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/lock_free_pool.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/null.hpp>

#include "support/conformance.hpp"
#include "support/interrupted.hpp"
#include "support/probe.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <list>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

constexpr range_options range{.bytes = 16'384, .unit = 64, .largest = 1'024, .align = 64};
using region = buddy<range, inline_buffer<24'576>>;
using regions = growing<region, probe>;
constexpr layout large{detail::has_asan ? 960 : 1'024, 64};
constexpr std::size_t fit = 16; // large blocks in a region

static_assert(policy<regions> && trimming_policy<regions>);
static_assert(!resizing_policy<regions> && resizing_policy<growing<inline_buffer<64>>>);
static_assert(!owning_policy<regions>, "would search all regions");
static_assert(!rounding_policy<regions>, "a region that is not there cannot be asked");
static_assert(rounding_policy<growing<null_source>> == rounding_policy<null_source>);
static_assert(max_size_v<growing<inline_buffer<64>>> == 64);
static_assert(!thread_safe_v<regions> && !std::is_copy_constructible_v<regions> &&
              !std::is_move_constructible_v<regions>);

constinit growing<region> before_main; // construction acquires nothing

/// Fills `n` regions with large blocks.
std::vector<void*> fill(regions& pool, std::size_t n) {
    std::vector<void*> blocks(n * fit);
    for (void*& each : blocks) { each = pool.allocate(large); }
    BOOST_TEST_REQUIRE(pool.regions() == n);
    return blocks;
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        regions pool{book};
        test::conformance(pool, {900, 64});
        BOOST_TEST(pool.regions() == 1U);
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<regions>({900, 64});
    growing<inline_buffer<1'024>, pool16<probe>> small{book};
    test::conformance(small, {200, 16});
    void* const at = before_main.allocate(large);
    BOOST_TEST(at != nullptr);
    before_main.deallocate(at, large);
}

BOOST_AUTO_TEST_CASE(starts_a_region_when_all_are_full_and_fills_the_holes_first) {
    ledger book;
    {
        regions pool{book};
        BOOST_TEST(pool.regions() == 0U);
        std::vector<void*> blocks = fill(pool, 3);
        BOOST_TEST(book.served == 3U);
        for (const std::size_t hole : {5U, 20U, 40U}) {
            pool.deallocate(blocks[hole], large);
            blocks[hole] = pool.allocate(large);
            BOOST_TEST(blocks[hole] != nullptr);
        }
        BOOST_TEST(book.served == 3U);
        for (void* const each : blocks) { pool.deallocate(each, large); }
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(keeps_one_empty_region_and_returns_the_others) {
    ledger book;
    regions pool{book};
    const std::vector<void*> blocks = fill(pool, 4);
    for (void* const each : blocks) { pool.deallocate(each, large); }
    BOOST_TEST(pool.regions() == 1U);
    for (int i = 0; i < 100; ++i) { pool.deallocate(pool.allocate(large), large); }
    BOOST_TEST(book.requests == 4U, "no coming and going at the edge of a region");
    BOOST_TEST(pool.trim() >= 24'576U);
    BOOST_TEST(pool.regions() == 0U);
    BOOST_TEST(pool.trim() == 0U);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_region_that_is_used_again_counts_as_used) {
    ledger book;
    regions pool{book};
    std::vector<void*> blocks = fill(pool, 2);
    for (std::size_t i = 0; i < fit; ++i) { pool.deallocate(blocks[i], large); } // one is empty
    for (std::size_t i = 0; i < fit; ++i) { blocks[i] = pool.allocate(large); }  // none is
    for (std::size_t i = fit; i < 2 * fit; ++i) { pool.deallocate(blocks[i], large); }
    BOOST_TEST(pool.regions() == 2U);
    BOOST_TEST(pool.trim() != 0U);
    BOOST_TEST(pool.regions() == 1U);
    for (std::size_t i = 0; i < fit; ++i) { pool.deallocate(blocks[i], large); }
    BOOST_TEST(pool.regions() == 1U);
}

BOOST_AUTO_TEST_CASE(an_empty_region_has_room_for_all_again) {
    ledger book;
    growing<inline_buffer<256>, probe> pool{book};
    void* const a = pool.allocate({100, 8});
    void* const b = pool.allocate({100, 8});
    pool.deallocate(a, {100, 8}); // a buffer takes back its newest block alone
    pool.deallocate(b, {100, 8});
    for (int i = 0; i < 10; ++i) { pool.deallocate(pool.allocate({200, 8}), {200, 8}); }
    BOOST_TEST(book.requests == 1U);
}

BOOST_AUTO_TEST_CASE(holds_no_more_after_a_thousand_rounds_than_after_one) {
    ledger book;
    regions pool{book};
    for (int round = 0; round < 1'000; ++round) {
        for (void* const each : fill(pool, 3)) { pool.deallocate(each, large); }
        pool.trim();
        BOOST_TEST_REQUIRE(book.live.empty());
    }
}

BOOST_AUTO_TEST_CASE(keeps_no_region_for_what_none_could_hold) {
    ledger book;
    growing<inline_buffer<256>, probe> pool{book};
    BOOST_TEST(pool.allocate({257, 1}) == nullptr);
    BOOST_TEST(book.requests == 0U);
    regions half{book};
    BOOST_TEST(half.allocate({30'000, 8}) == nullptr); // a new region is tried, in vain
    BOOST_TEST(half.regions() == 0U);
}

BOOST_AUTO_TEST_CASE(ends_each_region_and_lets_upstream_trim) {
    static int alive = 0;
    struct mortal : inline_buffer<64> {
        mortal() noexcept { ++alive; }
        mortal(const mortal&) = delete;
        mortal& operator=(const mortal&) = delete;
        ~mortal() { --alive; }
    };
    static int trims = 0;
    struct hoard : new_source {
        static std::size_t trim() noexcept { return (++trims, 5); }
    };
    growing<mortal, hoard> pool;
    void* const at = pool.allocate({8, 8});
    BOOST_TEST(alive == 1);
    BOOST_TEST(pool.trim() == 0U, "what leaves upstream has not left it");
    BOOST_TEST(trims == 1);
    pool.deallocate(at, {8, 8});
    BOOST_TEST(pool.trim() > sizeof(mortal));
    BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(resizes_a_block_in_its_region) {
    growing<inline_buffer<256>> pool;
    void* const first = pool.allocate({150, 8});
    void* const second = pool.allocate({150, 8});
    BOOST_TEST(pool.regions() == 2U);
    BOOST_TEST(pool.resize(first, {150, 8}, 200));
    BOOST_TEST(pool.resize(second, {150, 8}, 200));
    BOOST_TEST(!pool.resize(second, {200, 8}, 300));
    pool.deallocate(first, {200, 8});
    pool.deallocate(second, {200, 8});
}

// Regions that ask a source of their own: each of two nodes, and then of four.
BOOST_AUTO_TEST_CASE(keeps_the_region_that_is_asked_whatever_a_handler_does_meanwhile) {
    using source = test::interrupted<struct under_regions>;
    constexpr layout one{64, 16};
    using small = growing<lock_free_pool<one, 1, source, 2>>;
    const auto filled = [&](small& pool, std::array<void*, 3>& blocks) {
        for (void*& each : blocks) { each = pool.allocate(one); }
    };
    {
        small pool; // two full regions, one to be emptied, and a third one in front
        std::array<void*, 3> first{};
        std::array<void*, 3> second{};
        filled(pool, first);
        filled(pool, second);
        void* const third = pool.allocate(one);
        BOOST_TEST(pool.regions() == 3U);
        for (void* const each : first) { pool.deallocate(each, one); }
        source::before_next = [&] { pool.deallocate(third, one); };
        void* const at = pool.allocate(one);
        std::memset(at, 1, one.size);
        pool.deallocate(at, one);
        for (void* const each : second) { pool.deallocate(each, one); }
        BOOST_TEST(pool.regions() == 1U);
    }
    {
        small pool;
        source::before_next = [&] { pool.trim(); };
        void* const at = pool.allocate(one);
        std::memset(at, 1, one.size);
        pool.deallocate(at, one);
        source::before_next = [&] { pool.trim(); };
        std::array<void*, 3> all{};
        filled(pool, all);
        for (void* const each : all) { pool.deallocate(each, one); }
        BOOST_TEST(pool.regions() == 1U);
    }
    {
        small pool;
        void* inner = nullptr;
        source::before_next = [&] { inner = pool.allocate(one); };
        void* const outer = pool.allocate(one);
        BOOST_TEST_REQUIRE((inner != nullptr && outer != nullptr && inner != outer));
        pool.deallocate(outer, one);
        pool.trim();
        std::memset(inner, 1, one.size);
        pool.deallocate(inner, one);
        pool.trim();
        BOOST_TEST(pool.regions() == 0U);
        source::before_next = [&] {
            inner = pool.allocate(one);
            source::refuses = true;
        };
        BOOST_TEST((pool.allocate(one) == nullptr || pool.regions() == 1U));
        source::refuses = false;
        BOOST_TEST(pool.regions() == 1U);
    }
    BOOST_TEST(source::out == 0U);
}

BOOST_AUTO_TEST_CASE(serves_containers_by_ref) {
    ledger book;
    {
        regions pool{book};
        std::list<std::array<char, 500>, allocator<std::array<char, 500>, ref<regions>>> list(pool);
        for (int i = 0; i < 200; ++i) { list.emplace_back(); }
        BOOST_TEST(pool.regions() > 5U);
        list.clear();
        BOOST_TEST(pool.regions() == 1U);
    }
    BOOST_TEST(book.live.empty());
}
