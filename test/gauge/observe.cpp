// SPDX-License-Identifier: BSL-1.0
#include <alloy/gauge/observe.hpp>

#include <alloy/compose/checked.hpp>
#include <alloy/compose/fallback.hpp>
#include <alloy/compose/growing.hpp>
#include <alloy/compose/remote.hpp>
#include <alloy/compose/segregate.hpp>
#include <alloy/core/per_thread.hpp>
#include <alloy/hybrid.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/lock_free_pool.hpp>
#include <alloy/policy/slab.hpp>
#include <alloy/preset.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/malloc.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <tuple>
#include <vector>

using namespace alloy;

namespace {

constexpr counted_options in_bytes{.reads = gauge::bytes};

template <policy Source, class Tag = void>
using gauged = global<single_threaded<counted<Source, in_bytes>>, Tag>;

/// What came out of the sources of one kind, by their own count.
template <class Gauged>
std::size_t out_of() {
    std::size_t bytes = 0;
    Gauged::instance().each_upstream([&](auto& source) { bytes = source.read().live().granted; });
    return bytes;
}

/// Allocates and releases at random, keeps some; calls `look(live, asked)` now and then.
template <class P, class Look>
void live_through(P& all, std::size_t largest, Look look) {
    struct block {
        void* at;
        layout asked;
    };
    std::vector<block> live;
    std::size_t asked = 0;
    std::mt19937_64 draw(7);
    for (int step = 0; step < 6000; ++step) {
        const bool grows = (step / 1000) % 2 == 0;
        if (live.empty() || draw() % 10 < (grows ? 7U : 3U)) {
            const std::size_t size = 1 + draw() % (draw() % 20 == 0 ? largest : 120);
            const layout want{size, std::size_t{1} << draw() % 4};
            if (void* const at = all.allocate(want); at != nullptr) {
                live.push_back({at, want});
                asked += size;
            }
        } else {
            std::swap(live[draw() % live.size()], live.back());
            all.deallocate(live.back().at, live.back().asked);
            asked -= live.back().asked.size;
            live.pop_back();
        }
        if (step % 100 == 99) { look(live.size(), asked); }
    }
    for (const block& each : live) { all.deallocate(each.at, each.asked); }
    look(0, 0);
}

/// In every moment of a life, all bytes that the sources gave are in one part of the snapshot.
/// @param gaps Whether there is any room around blocks.
template <class P>
void accounts_for_every_byte(std::size_t (*taken)(), bool gaps, std::size_t largest = 20000) {
    {
        counted<P, in_bytes> all;
        live_through(all, largest, [&](std::size_t blocks, std::size_t asked) {
            const auto seen = observe(all);
            BOOST_TEST_REQUIRE(seen.exact);
            BOOST_TEST_REQUIRE(seen.counted);
            BOOST_TEST_REQUIRE(seen.bytes.taken == taken(), type_name<P>);
            BOOST_TEST_REQUIRE(seen.bytes.sum() == taken());
            BOOST_TEST_REQUIRE(seen.bytes.requested == asked);
            BOOST_TEST_REQUIRE(seen.layers[0].counts.live().blocks == blocks);
            BOOST_TEST_REQUIRE(seen.bytes.rounding < taken() + 1);
            if (!gaps && !detail::has_asan) { BOOST_TEST_REQUIRE(seen.bytes.gaps == 0U); }
            for (const std::size_t part : {seen.bytes.gaps, seen.bytes.metadata, seen.bytes.cached,
                                           seen.bytes.trapped, seen.bytes.fresh}) {
                BOOST_TEST_REQUIRE(part <= taken()); // none of them wrapped
            }
        });
        if constexpr (trimming_policy<P>) {
            all.trim();
            BOOST_TEST(observe(all).bytes.sum() == taken());
        }
    }
    BOOST_TEST(taken() == 0U);
}

template <class Tag>
using from_new = gauged<new_source, Tag>;
template <class Tag>
using from_pages = gauged<pages<>, Tag>;
template <policy Source, class Tag>
using for_threads = global<locked<counted<Source, in_bytes>>, Tag>;

/// operator new below what keeps large blocks, where no gauge may stand: each object tells what it
/// has out. For one thread, whatever it says.
template <class Tag>
struct metered_heap {
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true;
    static constexpr bool migratory = true;

    void* allocate(layout want) noexcept {
        void* const at = new_source::allocate(want);
        if (at != nullptr) { add(want.size); }
        return at;
    }
    void deallocate(void* at, layout given) noexcept {
        new_source::deallocate(at, given);
        add(-given.size);
    }
    [[nodiscard]] byte_account account() const noexcept { return {.taken = mine}; }

    static inline std::size_t all = 0;

private:
    void add(std::size_t bytes) noexcept {
        mine += bytes;
        all += bytes;
    }
    std::size_t mine = 0;
};

/// Says how many blocks it ever gave.
struct numbered : malloc_source {
    static inline std::size_t given = 0;
    static void* allocate(layout want) noexcept {
        ++given;
        return malloc_source::allocate(want);
    }
};

/// Those that know how many of their blocks are out.
using occupied = std::tuple<bitmap<layout{48, 8}>, lock_free_pool<layout{48, 8}, 2000>, slab<>>;

} // namespace

BOOST_AUTO_TEST_CASE(sees_the_handle_of_a_preset) {
    const pool_allocator<int> numbers;
    BOOST_TEST(observe(numbers.handle()).layers[0].name == "thread_cached");
    bump<> arena;
    BOOST_TEST(observe(ref(arena)).layers[1].name == observe(arena).layers[0].name);
}

BOOST_AUTO_TEST_CASE(accounts_for_every_byte_of_the_presets) {
    using a = from_new<struct pool_tag>;
    accounts_for_every_byte<locked<pool16<a>>>(&out_of<a>, false);
    using b = from_new<struct bump_tag>;
    accounts_for_every_byte<bump<bump_options{}, b>>(&out_of<b>, true);
    using c = gauged<reserved_pages, struct buddy_tag>;
    constexpr range_options range{.bytes = std::size_t{1} << 26U, .largest = 16384};
    accounts_for_every_byte<locked<buddy<range, c>>>(&out_of<c>, false, 16000);
    accounts_for_every_byte<locked<buddy<range, c>>>(&out_of<c>,
                                                     true); // what is larger fills pages
    using d = from_pages<struct bitmaps_tag>;
    accounts_for_every_byte<locked<bitmaps_over<d, d>>>(&out_of<d>, true);
    accounts_for_every_byte<locked<bitmaps_over<d, d>>>(&out_of<d>, false, 128);
    using together = from_pages<struct concurrent_arena_tag>;
    accounts_for_every_byte<locked<bump<bump_options{}, together>, spin_lock>>(&out_of<together>,
                                                                               true);
    using messages = from_pages<struct message_pool_tag>;
    accounts_for_every_byte<lock_free_pool<layout{120, 8}, 1'000, messages>>(&out_of<messages>,
                                                                             true, 120);
    using e = from_pages<struct local_pool_tag>;
    using heap = metered_heap<struct local_pool_tag>;
    accounts_for_every_byte<detail::local_pool<e, heap>>([] { return out_of<e>() + heap::all; },
                                                         true);
}

BOOST_AUTO_TEST_CASE(accounts_for_every_byte_of_the_hybrids) {
    constexpr range_options range{.bytes = std::size_t{1} << 26U, .largest = 16384};
    using sizes = linear_classes<8, 16>;
    using a = gauged<reserved_pages, struct buddy_pool_tag>;
    accounts_for_every_byte<buddy_pool<range, a>>(&out_of<a>, true, 16000);
    using b = from_new<struct reap_tag>;
    accounts_for_every_byte<reap<bump_options{}, b>>(&out_of<b>, true);
    using c = from_new<struct arena_pool_tag>;
    accounts_for_every_byte<arena_pool<bump_options{}, c>>(&out_of<c>, true);
    using d = gauged<reserved_pages, struct quick_fit_tag>;
    accounts_for_every_byte<quick_fit<sizes, range, d>>(&out_of<d>, true, 16000);
    using e = gauged<reserved_pages, struct real_time_tag>;
    accounts_for_every_byte<real_time<range, e>>(&out_of<e>, true, 16000);
}

BOOST_AUTO_TEST_CASE(accounts_for_every_byte_of_a_pool_that_threads_cache) {
    struct tag;
    using source = for_threads<pages<>, tag>;
    using heap = metered_heap<tag>;
    counted<thread_cached<detail::medium_sizes, global<detail::shared_pool<source, heap>, tag>>,
            in_bytes>
        all;
    live_through(all, 20000, [&](std::size_t blocks, std::size_t asked) {
        const auto seen = observe(all);
        const std::size_t rack = seen.layers[1].account.aside;
        BOOST_TEST_REQUIRE(seen.exact);
        BOOST_TEST_REQUIRE(seen.bytes.taken == out_of<source>() + heap::all + rack);
        BOOST_TEST_REQUIRE(seen.bytes.sum() == seen.bytes.taken);
        BOOST_TEST_REQUIRE(seen.bytes.requested == asked);
        BOOST_TEST_REQUIRE(seen.layers[0].counts.live().blocks == blocks);
    });
    all.trim();
    BOOST_TEST(heap::all == 0U);
    BOOST_TEST(observe(all).bytes.sum() == observe(all).bytes.taken);
}

BOOST_AUTO_TEST_CASE(accounts_for_every_byte_of_other_compositions) {
    using a = from_new<struct one_by_one>;
    accounts_for_every_byte<freelist<layout{120, 8}, a>>(&out_of<a>, false, 120);
    using b = from_new<struct in_chunks>;
    accounts_for_every_byte<freelist<layout{120, 8}, b, unlimited, 32>>(&out_of<b>, false, 120);
    using c = from_new<struct of_bitmap>;
    accounts_for_every_byte<bitmap<layout{8, 8}, c>>(&out_of<c>, false, 2000);
    using d = from_new<struct pool_over_bump>;
    accounts_for_every_byte<pool16<bump<bump_options{}, d>>>(&out_of<d>, true);
    using e = from_new<struct tiers>;
    accounts_for_every_byte<segregate<tier<layout{64, 8}, pool16<e>>, e>>(&out_of<e>, false);
    using f = from_new<struct regions>;
    accounts_for_every_byte<growing<inline_buffer<4096>, f>>(&out_of<f>, true, 2000);
    using g = from_new<struct with_margins>;
    accounts_for_every_byte<growing<inline_buffer<4096>, g>>(&out_of<g>, true, 2000);
}

BOOST_AUTO_TEST_CASE(a_guard_accounts_for_margins_and_quarantine_and_its_table_apart) {
    using source = from_new<struct guarded>;
    counted<checked<pool16<source>>, in_bytes> all;
    live_through(all, 2000, [&](std::size_t blocks, std::size_t asked) {
        const auto seen = observe(all);
        const std::size_t table = seen.layers[1].account.aside;
        BOOST_TEST_REQUIRE(table > 0U);
        BOOST_TEST_REQUIRE(seen.bytes.taken == out_of<source>() + table);
        BOOST_TEST_REQUIRE(seen.bytes.sum() == seen.bytes.taken);
        BOOST_TEST_REQUIRE(seen.bytes.requested == asked);
        BOOST_TEST_REQUIRE(seen.bytes.rounding == 0U);
        if (!detail::has_asan) { BOOST_TEST_REQUIRE(seen.bytes.gaps == 0U); }
        if (blocks == 0) { BOOST_TEST(seen.layers[1].account.metadata == 0U); }
    });
}

BOOST_AUTO_TEST_CASE(shows_every_policy_by_name_and_depth) {
    counted<locked<pool16<malloc_source>>, in_bytes> all;
    const auto seen = observe(all);
    BOOST_TEST(seen.layers.size() == 4U);
    BOOST_TEST(seen.layers[0].name == "counted");
    BOOST_TEST(seen.layers[1].name == "locking");
    BOOST_TEST(seen.layers[2].name == "pool16");
    BOOST_TEST(seen.layers[3].name == "malloc_source");
    BOOST_TEST(seen.layers[3].depth == 3U);
    BOOST_TEST(!seen.exact); // what is too large for the pool passes through, uncounted
}

BOOST_AUTO_TEST_CASE(looks_through_handles_and_at_both_parts_of_a_whole) {
    stack_first<1000, malloc_source> scope;
    ref<stack_first<1000, malloc_source>> handle{scope};
    void* const at = handle.allocate({100, 8});
    const auto seen = observe(handle);
    BOOST_TEST(seen.layers.size() == 4U);
    BOOST_TEST(seen.bytes.taken == 1000U);
    BOOST_TEST(seen.bytes.requested == 100U + detail::redzone);
    BOOST_TEST(seen.bytes.fresh == 900U - detail::redzone);
    BOOST_TEST(seen.largest_free() == 900U - 2 * detail::redzone);
    BOOST_TEST(seen.external_fragmentation() <= 0.02);
    handle.deallocate(at, {100, 8});
}

BOOST_AUTO_TEST_CASE(tells_how_much_of_the_free_bytes_is_in_pieces) {
    ranged<buddy_extent, range_options{.bytes = 65536}, malloc_source> heap;
    std::vector<void*> blocks;
    for (int i = 0; i < 1024; ++i) { blocks.push_back(heap.allocate({48, 8})); }
    for (std::size_t i = 0; i < blocks.size(); i += 2) { heap.deallocate(blocks[i], {48, 8}); }
    const auto seen = observe(heap);
    BOOST_TEST(seen.bytes.trapped == 32768U);
    BOOST_TEST(seen.bytes.fresh == 0U);
    BOOST_TEST(seen.external_fragmentation() == 1 - (64.0 - detail::redzone) / 32768,
               boost::test_tools::tolerance(1e-9));
    for (std::size_t i = 1; i < blocks.size(); i += 2) { heap.deallocate(blocks[i], {48, 8}); }
    BOOST_TEST(observe(heap).external_fragmentation() <= 0.001);
}

BOOST_AUTO_TEST_CASE(says_that_it_cannot_see_what_other_threads_have_and_makes_nothing_itself) {
    const per_thread<remote<pool16<malloc_source>>, numbered> heaps;
    BOOST_TEST(!observe(heaps).exact);
    BOOST_TEST(numbered::given == 0U);
    void* const at = heaps.allocate({40, 8});
    BOOST_TEST(!observe(heaps).exact);
    BOOST_TEST(numbered::given == 1U);
    heaps.deallocate(at, {40, 8});
}

BOOST_AUTO_TEST_CASE(what_lies_in_an_inbox_is_not_out) {
    remote<pool16<malloc_source>> nobodys; // so that every release goes to the inbox
    void* const at = nobodys.allocate({40, 8});
    BOOST_TEST(observe(nobodys).bytes.requested >= 40U);
    nobodys.deallocate(at, {40, 8});
    BOOST_TEST(observe(nobodys).bytes.requested == 0U);
}

BOOST_AUTO_TEST_CASE(the_difference_of_two_tells_what_changed) {
    counted<pool16<malloc_source>, in_bytes> all;
    const byte_split before = observe(all).bytes;
    void* const at = all.allocate({40, 8});
    const byte_split between = observe(all).bytes;
    all.deallocate(at, {40, 8});
    const byte_change more = between - before;
    const byte_change less = observe(all).bytes - between;
    BOOST_TEST(more.requested == 40);
    BOOST_TEST(more.taken == more.sum());
    BOOST_TEST(less.requested == -40);
    BOOST_TEST(less.taken == 0);
    BOOST_TEST(less.sum() == 0);
}

BOOST_AUTO_TEST_CASE(a_pool_that_is_empty_has_no_trapped_bytes_and_a_trimmed_one_none_at_all) {
    pool16<malloc_source> pool;
    std::vector<void*> blocks;
    for (int i = 0; i < 1000; ++i) { blocks.push_back(pool.allocate({40, 8})); }
    BOOST_TEST(observe(pool).bytes.requested == 1000 * (40 + detail::redzone));
    for (std::size_t i = 0; i < 1000; i += 2) { pool.deallocate(blocks[i], {40, 8}); }
    const auto half = observe(pool);
    BOOST_TEST(half.bytes.trapped >= 500 * 40U);
    BOOST_TEST(half.bins[4].layer == 0U);
    BOOST_TEST(half.bins[4].size == 40U);
    BOOST_TEST(half.bins[4].free >= 500U);
    for (std::size_t i = 1; i < 1000; i += 2) { pool.deallocate(blocks[i], {40, 8}); }
    const auto empty = observe(pool);
    BOOST_TEST(empty.bytes.requested == 0U);
    BOOST_TEST(empty.bytes.trapped == 0U);
    BOOST_TEST(empty.bytes.sum() == pool.held());
    pool.trim();
    BOOST_TEST((observe(pool).bytes == byte_split{}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tells_how_full_a_bin_is, P, occupied) {
    P pool;
    std::vector<void*> blocks;
    const auto look = [&] {
        const auto seen = observe(pool);
        const auto bin = std::ranges::find(seen.bins, 48U, &bin_view::size);
        BOOST_TEST_REQUIRE((bin != seen.bins.end()));
        return *bin;
    };
    for (int i = 0; i < 1000; ++i) { blocks.push_back(pool.allocate({48, 8})); }
    const bin_view full = look();
    BOOST_TEST(full.live == 1000U);
    for (std::size_t i = 0; i < 1000; i += 4) { pool.deallocate(blocks[i], {48, 8}); }
    const bin_view less = look();
    BOOST_TEST(less.live == 750U);
    BOOST_TEST(less.free == full.free + 250);
    BOOST_TEST(less.occupancy() == 750 / (750 + static_cast<double>(less.free)));
    for (std::size_t i = 0; i < 1000; ++i) {
        if (i % 4 != 0) { pool.deallocate(blocks[i], {48, 8}); }
    }
}

BOOST_AUTO_TEST_CASE(does_not_tell_how_full_a_bin_is_that_nobody_counts) {
    pool16<malloc_source> pool;
    BOOST_TEST(observe(pool).bins[4].live == bin_account::unknown);
    BOOST_TEST(std::isnan(observe(pool).bins[4].occupancy()));
    BOOST_TEST(std::isnan(bin_view{.size = 8}.occupancy()));
}

BOOST_AUTO_TEST_CASE(looking_changes_nothing_but_the_order_of_the_lists) {
    pool16<malloc_source, links::encoded> pool;
    std::vector<void*> blocks;
    for (int i = 0; i < 100; ++i) { blocks.push_back(pool.allocate({40, 8})); }
    for (std::size_t i = 0; i < 100; i += 3) { pool.deallocate(blocks[i], {40, 8}); }
    const auto first = observe(pool);
    BOOST_TEST((observe(pool) == first));
    const std::size_t free = first.bins[4].free;
    std::vector<void*> again;
    for (std::size_t i = 0; i < free; ++i) { again.push_back(pool.allocate({40, 8})); }
    BOOST_TEST(std::is_sorted(again.begin(), again.end()));
    BOOST_TEST(observe(pool).bins[4].free == 0U);
    BOOST_TEST((observe(pool) != first));
}

BOOST_AUTO_TEST_CASE(gauges_side_by_side_count_together) {
    using half = counted<pool16<counted<malloc_source, in_bytes>>, in_bytes>;
    segregate<tier<layout{64, 8}, half>, half> both;
    void* const small = both.allocate({40, 8});
    void* const large = both.allocate({100, 8});
    const auto seen = observe(both);
    BOOST_TEST(seen.counted);
    BOOST_TEST(seen.exact);
    BOOST_TEST(seen.bytes.requested == 140U);
    BOOST_TEST(seen.bytes.sum() == seen.bytes.taken);
    both.deallocate(small, {40, 8});
    both.deallocate(large, {100, 8});
}

BOOST_AUTO_TEST_CASE(what_several_reach_is_counted_once_and_what_nobody_counts_is_said_to_be) {
    using heap = global<locked<malloc_source>, struct uncounted>;
    using one = counted<freelist<layout{64, 8}, heap>, in_bytes>;
    segregate<tier<layout{32, 8}, one>, one> both;
    both.deallocate(both.allocate({20, 8}), {20, 8});
    both.deallocate(both.allocate({50, 8}), {50, 8});
    const auto seen = observe(both);
    BOOST_TEST(!seen.exact);
    BOOST_TEST(seen.bytes.requested == 0U);
    BOOST_TEST(seen.bytes.cached == 128U);
    BOOST_TEST(seen.bytes.taken == 128U);
}

BOOST_AUTO_TEST_CASE(half_a_count_is_none) {
    segregate<tier<layout{64, 8}, counted<pool16<malloc_source>, in_bytes>>, pool16<malloc_source>>
        both;
    void* const large = both.allocate({100, 8});
    const auto seen = observe(both);
    BOOST_TEST(!seen.counted);
    BOOST_TEST(seen.bytes.sum() == seen.bytes.taken);
    both.deallocate(large, {100, 8});
}
