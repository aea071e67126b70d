// SPDX-License-Identifier: BSL-1.0
#include <alloy/check/policy_laws.hpp>
#include <alloy/compose/fallback.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/hybrid.hpp>

#include "support/conformance.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using namespace alloy::test;

static_assert(policy<buddy_pool<>> && rounding_policy<buddy_pool<>> &&
              resizing_policy<buddy_pool<>> && trimming_policy<buddy_pool<>>);
static_assert(!resettable_policy<buddy_pool<>> && !owning_policy<buddy_pool<>>);
static_assert(policy<reap<>> && rounding_policy<reap<>> && resizing_policy<reap<>> &&
              trimming_policy<reap<>> && resettable_policy<reap<>>);
static_assert(!marking_policy<reap<>>, "a list may hold blocks from both sides of a mark");
static_assert(!owning_policy<reap<>>, "an arena cannot tell");
static_assert(policy<arena_pool<>> && rounding_policy<arena_pool<>> &&
              resizing_policy<arena_pool<>> && trimming_policy<arena_pool<>> &&
              resettable_policy<arena_pool<>>);
static_assert(!marking_policy<arena_pool<>> && !owning_policy<arena_pool<>>);
static_assert(policy<quick_fit<>> && rounding_policy<quick_fit<>> && resizing_policy<quick_fit<>> &&
              trimming_policy<quick_fit<>>);
static_assert(!resettable_policy<quick_fit<>> && !owning_policy<quick_fit<>>);
static_assert(policy<real_time<>> && rounding_policy<real_time<>>);
static_assert(owning_policy<real_time<>>, "its bytes are in it");
static_assert(!owning_policy<real_time<range_options{.bytes = 4096}, pages<>>>);
static_assert(!trimming_policy<real_time<>> && !resettable_policy<real_time<>> &&
                  !resizing_policy<real_time<>>,
              "nothing is kept, so nothing is given back");

template <class P>
constexpr bool plain = !thread_safe_v<P> && !migratory_v<P> && !zero_fresh_v<P> &&
                       !batching_policy<P> && !zeroing_policy<P> && !measuring_policy<P> &&
                       !stateless_policy<P> && !std::copy_constructible<P> && !std::movable<P> &&
                       std::is_nothrow_default_constructible_v<P> && thread_safe_v<locked<P>>;
static_assert(plain<buddy_pool<>> && plain<reap<>> && plain<arena_pool<>> && plain<quick_fit<>> &&
              plain<real_time<>>);

constinit buddy_pool<> first_before_main; // construction acquires nothing
constinit reap<> second_before_main;
constinit arena_pool<> third_before_main;
constinit quick_fit<> fourth_before_main;
constinit real_time<> fifth_before_main;

namespace {

constexpr std::size_t gap = detail::redzone;
constexpr range_options modest{.bytes = 1U << 19U, .unit = 16, .largest = 8192, .align = 4096};
constexpr range_options tiny{.bytes = 1U << 14U, .unit = 16};

using hot = listed_classes<detail::quick_sizes, 16>;
using pool_on_buddy = buddy_pool<modest, probe>;
using probed_reap = reap<bump_options{}, probe>;
using probed_arena = arena_pool<bump_options{}, probe>;
using probed_fit = quick_fit<hot, modest, probe>;

template <range_options Range>
struct bounded : real_time<Range, probe> {
    explicit bounded(ledger& book)
        : real_time<Range, probe>(std::piecewise_construct, std::tie(book), std::tuple{}) {}
};

using all = std::tuple<pool_on_buddy, probed_reap, probed_arena, probed_fit, bounded<modest>>;
using regions = std::tuple<probed_reap, probed_arena>;

std::byte* request(auto& from, layout want) { return static_cast<std::byte*>(from.allocate(want)); }

/// Takes blocks until there is none. @return All of them.
std::vector<std::byte*> drain(auto& from, layout want) {
    std::vector<std::byte*> blocks;
    while (std::byte* const at = request(from, want)) { blocks.push_back(at); }
    return blocks;
}

void release(auto& to, const std::vector<std::byte*>& blocks, layout given) {
    for (std::byte* const at : blocks) { to.deallocate(at, given); }
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(conforms_and_returns_all_to_its_upstream, P, all) {
    for (const layout largest : {layout{300, 64}, layout{3'000, 8}, layout{64, 1'024}}) {
        ledger book;
        {
            P hybrid{book};
            conformance(hybrid, largest);
        }
        BOOST_TEST(book.live.empty());
        BOOST_TEST(book.served > 0U);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(keeps_every_law_that_it_speaks_of, P, all) {
    ledger book;
    {
        P hybrid{book};
        const report found = check_conformance(hybrid);
        BOOST_TEST(found.ok(), found.text());
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(survives_every_refusal_of_its_upstream, P, all) {
    survives_every_failure<P>({160, 64});
    if constexpr (!std::is_same_v<P, bounded<modest>>) { // which refuses the rest by itself
        survives_every_failure<P>({9'000, 8}, 400, 11);
    }
}

using roomy = std::tuple<buddy_pool<>, reap<>, arena_pool<>, quick_fit<>,
                         buddy<range_options{.bytes = 1U << 28U}>>;

BOOST_AUTO_TEST_CASE_TEMPLATE(never_hands_out_a_misaligned_block, P, roomy) {
    const auto hybrid = std::make_unique<P>();
    never_misaligned(*hybrid, 256);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(fills_and_empties_to_the_same_balance_each_time, P, all) {
    ledger book;
    {
        P hybrid{book};
        std::size_t held = 0;
        for (int round = 0; round < 5; ++round) {
            std::vector<std::pair<void*, layout>> live;
            for (std::size_t i = 0; i < 1'000; ++i) {
                const layout want{1 + i * 7 % 128, 8};
                live.emplace_back(hybrid.allocate(want), want);
                BOOST_TEST_REQUIRE(live.back().first != nullptr);
                std::memset(live.back().first, 1, want.size);
            }
            for (const auto& [at, want] : live) { hybrid.deallocate(at, want); }
            if constexpr (trimming_policy<P>) { hybrid.trim(); }
            if (round == 0) { held = book.bytes(); }
            BOOST_TEST(book.bytes() == held);
        }
    }
    BOOST_TEST(book.live.empty());
}

// buddy_pool

BOOST_AUTO_TEST_CASE(takes_small_and_large_blocks_from_one_range) {
    ledger book;
    pool_on_buddy pool{book};
    std::vector<std::pair<void*, layout>> live;
    for (const std::size_t size : {8U, 128U, 129U, 1'000U, 4'000U}) {
        const layout want{size, 8};
        void* const at = pool.allocate(want);
        live.emplace_back(at, want);
        BOOST_TEST_REQUIRE(book.live.size() == 2U); // the range and its metadata
        const auto in_it = std::count_if(book.live.begin(), book.live.end(), [&](const auto& each) {
            return detail::address(at) - detail::address(each.first) < each.second.size;
        });
        BOOST_TEST(in_it == 1);
    }
    void* const beyond = pool.allocate({modest.largest + 1, 8});
    BOOST_TEST(book.live.contains(beyond));
    pool.deallocate(beyond, {modest.largest + 1, 8});
    for (const auto& [at, want] : live) { pool.deallocate(at, want); }
    BOOST_TEST(book.requests == 3U);
}

BOOST_AUTO_TEST_CASE(merges_what_the_bins_gave_back_into_large_blocks) {
    ledger book;
    buddy_pool<tiny, probe> pool{book};
    BOOST_TEST(pool.trim() == 0U);
    const layout half{tiny.bytes / 2 - gap, 8};
    void* const kept = pool.allocate(half);
    book.budget = 0;
    const auto nodes = drain(pool, {40, 8});
    BOOST_TEST(nodes.size() > 50U);
    pool.deallocate(kept, half);
    const auto more = drain(pool, {40, 8});
    release(pool, nodes, {40, 8});
    release(pool, more, {40, 8});
    BOOST_TEST(pool.allocate(half) == nullptr);
    BOOST_TEST(pool.trim() > 0U);
    void* const again = pool.allocate(half);
    BOOST_TEST(again != nullptr);
    pool.deallocate(again, half);
}

// reap and arena_pool

BOOST_AUTO_TEST_CASE_TEMPLATE(begins_anew_when_it_is_reset, P, regions) {
    ledger book;
    {
        P region{book};
        region.reset(); // of nothing
        std::vector<void*> first;
        std::size_t requests = 0;
        for (int round = 0; round < 4; ++round) {
            std::vector<void*> blocks;
            for (std::size_t i = 0; i < 3'000; ++i) {
                const layout want{1 + i % 150, 8};
                void* const at = region.allocate(want);
                BOOST_TEST_REQUIRE(at != nullptr);
                std::memset(at, round, want.size);
                blocks.push_back(at);
                if (i % 3 == 0) { region.deallocate(at, want); } // into a list, and left there
            }
            if (round == 1) { requests = book.requests; }
            if (round == 1) { first = blocks; }
            if (round > 1) { BOOST_TEST((blocks == first)); } // and no list led elsewhere
            region.reset();
        }
        BOOST_TEST(book.requests == requests); // from the second round on
        const std::size_t held = book.bytes();
        BOOST_TEST(region.trim() == held);
        BOOST_TEST(book.live.empty());
        BOOST_TEST(region.trim() == 0U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hands_out_no_block_twice_after_a_reset, P, regions) {
    ledger book;
    P region{book};
    const layout want{48, 8};
    for (int i = 0; i < 100; ++i) { region.deallocate(region.allocate(want), want); }
    std::vector<std::byte*> some;
    for (int i = 0; i < 500; ++i) { some.push_back(request(region, want)); }
    release(region, some, want);
    region.reset();
    std::vector<std::byte*> blocks;
    for (int i = 0; i < 2'000; ++i) { blocks.push_back(request(region, want)); }
    std::sort(blocks.begin(), blocks.end());
    for (std::size_t i = 1; i < blocks.size(); ++i) {
        BOOST_TEST_REQUIRE(blocks[i] - blocks[i - 1] >= 48 + std::ptrdiff_t{gap});
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(uses_released_blocks_again_before_it_asks_for_more, P, regions) {
    ledger book;
    P region{book};
    std::vector<std::byte*> live;
    for (int i = 0; i < 1'000; ++i) { live.push_back(request(region, {48, 8})); }
    const std::size_t held = book.bytes();
    for (std::size_t i = 0; i < 10'000; ++i) {
        region.deallocate(live[i * 7 % 1'000], {48, 8});
        region.deallocate(live[(i * 7 + 1) % 1'000], {41, 8});
        live[i * 7 % 1'000] = request(region, {45, 8});
        live[(i * 7 + 1) % 1'000] = request(region, {48, 8});
        if (i % 1'000 == 0) { BOOST_TEST(region.trim() == 0U); } // no block is in use elsewhere
    }
    BOOST_TEST(book.bytes() == held);
}

BOOST_AUTO_TEST_CASE(reap_cuts_blocks_in_a_row_until_one_comes_back) {
    reap<> region;
    std::byte* const first = request(region, {24, 8});
    std::byte* const second = request(region, {100, 8});
    std::byte* const third = request(region, {8, 8});
    BOOST_TEST(second - first == 24 + std::ptrdiff_t{gap});
    BOOST_TEST(third - second == 104 + std::ptrdiff_t{gap});
    region.deallocate(first, {24, 8});
    region.deallocate(second, {100, 8});
    BOOST_TEST(request(region, {32, 8}) > third);
    BOOST_TEST(request(region, {17, 8}) == first);
    BOOST_TEST(request(region, {97, 8}) == second);
}

BOOST_AUTO_TEST_CASE(reap_takes_back_blocks_to_32_kib_last_in_first_out) {
    reap<> region;
    for (const std::size_t size : {1U, 128U, 129U, 1'000U, 20'000U, 32'768U}) {
        const layout want{size, 16};
        std::byte* const a = request(region, want);
        std::byte* const b = request(region, want);
        const auto* const cork = region.allocate({64, 8});
        BOOST_TEST(cork != nullptr);
        const std::size_t good = region.good_size(want);
        BOOST_TEST(good <= std::max<std::size_t>(size * 5 / 4 + 1, 16));
        region.deallocate(a, {good, 16});
        region.deallocate(b, want);
        BOOST_TEST(request(region, {good, 16}) == b);
        BOOST_TEST(request(region, want) == a);
    }
    // Beyond that, or more strongly aligned, it is an arena.
    for (const layout want : {layout{32'769, 8}, layout{64, 32}}) {
        BOOST_TEST(region.good_size(want) == want.size);
        std::byte* const at = request(region, want);
        BOOST_TEST(region.allocate({64, 8}) != nullptr);
        region.deallocate(at, want);
        BOOST_TEST(request(region, want) != at);
        std::byte* const newest = request(region, want);
        region.deallocate(newest, want);
        BOOST_TEST(request(region, want) == newest);
    }
}

BOOST_AUTO_TEST_CASE(reap_loses_no_room_to_alignment_that_nobody_asked_for) {
    ledger book;
    reap<bump_options{.first = 1U << 20U}, probe> region{book};
    std::byte* before = request(region, {4'096, 8});
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST(region.allocate({24, 8}) != nullptr);
        std::byte* const at = request(region, {4'096, 8});
        BOOST_TEST(at - before <= 4'096 + 24 + 8 + 2 * std::ptrdiff_t{gap});
        before = at;
    }
}

BOOST_AUTO_TEST_CASE(reap_keeps_its_lists_when_its_source_is_out) {
    ledger book;
    probed_reap region{book};
    const std::vector<std::byte*> nodes{request(region, {48, 8}), request(region, {48, 8}),
                                        request(region, {48, 8})};
    const auto* const cork = region.allocate({8, 8});
    BOOST_TEST(cork != nullptr);
    release(region, nodes, {48, 8});
    book.budget = 0;
    BOOST_TEST(region.allocate({100'000, 8}) == nullptr);
    BOOST_TEST(region.allocate({20'000, 8}) == nullptr);
    for (std::size_t i = nodes.size(); i-- > 0;) {
        BOOST_TEST(request(region, {48, 8}) == nodes[i]);
    }
}

BOOST_AUTO_TEST_CASE(reap_has_four_sizes_an_octave) {
    constexpr auto& sizes = detail::reap_sizes;
    static_assert(sizes.front() == 8 && sizes[15] == 128 && sizes[16] == 160 && sizes[19] == 256 &&
                  sizes[20] == 320 && sizes.back() == 32'768);
    for (std::size_t i = 16; i < sizes.size(); ++i) {
        BOOST_TEST(sizes[i] - sizes[i - 1] <= sizes[i - 1] / 4);
    }
}

BOOST_AUTO_TEST_CASE(reap_resizes_within_a_class_or_as_its_arena_does) {
    reap<> region;
    void* const at = region.allocate({33, 8});
    BOOST_TEST(region.resize(at, {33, 8}, 40));
    BOOST_TEST(!region.resize(at, {40, 8}, 41));
    BOOST_TEST(!region.resize(at, {40, 8}, 32));
    BOOST_TEST(!region.resize(at, {40, 8}, 40'000));
    void* const large = region.allocate({100'000, 8});
    BOOST_TEST(region.resize(large, {100'000, 8}, 50'000));
    BOOST_TEST(!region.resize(large, {50'000, 8}, 10'000)); // a list's size by now
    BOOST_TEST(!region.resize(at, {40, 8}, 50'000));
}

BOOST_AUTO_TEST_CASE(arena_pool_cuts_its_regions_from_the_arena) {
    ledger book;
    probed_arena pool{book};
    std::byte* const first = request(pool, {8, 8});
    BOOST_TEST(request(pool, {8, 8}) - first == 8 + std::ptrdiff_t{gap}); // of twenty in a row
    BOOST_TEST(pool.good_size({41, 8}) == 48U);
    std::byte* const large = request(pool, {1'000, 8});
    BOOST_TEST(book.live.size() == 1U); // one chunk of the arena holds both
    BOOST_TEST(detail::address(large) - detail::address(first) < 4'096U);
    BOOST_TEST(pool.resize(large, {1'000, 8}, 1'100));
    BOOST_TEST(pool.resize(first, {8, 8}, 1));
    BOOST_TEST(!pool.resize(first, {8, 8}, 9));
}

// quick_fit

BOOST_AUTO_TEST_CASE(quick_fit_keeps_hot_blocks_and_returns_others_at_once) {
    std::array<std::byte, 40'960> bytes;
    quick_fit<hot, tiny, buffer> fit{std::span{bytes}};
    static_assert(owning_policy<quick_fit<hot, tiny, buffer>>, "a buffer can tell");
    const layout cold{2'000, 8};
    std::byte* const a = request(fit, {100, 8});
    std::byte* const b = request(fit, cold);
    std::byte* const c = request(fit, {100, 8});
    BOOST_TEST((fit.owns(a) && fit.owns(b) && !fit.owns(&fit)));
    fit.deallocate(c, {128, 8});
    fit.deallocate(a, {65, 8});
    fit.deallocate(b, cold);
    // The lists still have a and c, so the buddy has room for `b` where it was, and no lower.
    BOOST_TEST(request(fit, cold) == b);
    BOOST_TEST(request(fit, {128, 8}) == a);
    BOOST_TEST(request(fit, {70, 8}) == c);
    BOOST_TEST(fit.resize(a, {128, 8}, 65));
    BOOST_TEST(!fit.resize(a, {65, 8}, 64));
    BOOST_TEST(!fit.resize(b, cold, 2'001)); // a buddy cannot
}

BOOST_AUTO_TEST_CASE(quick_fit_serves_each_size_to_1_kib_without_waste_of_its_own) {
    const quick_fit<hot, tiny, new_source> fit;
    const buddy<tiny, new_source> alone;
    for (std::size_t size = 1; size <= 1'024; ++size) {
        const std::size_t good = fit.good_size({size, 8});
        BOOST_TEST_REQUIRE(good == std::max<std::size_t>(std::bit_ceil(size), 16));
        if constexpr (gap == 0) { BOOST_TEST_REQUIRE(good == alone.good_size({size, 8})); }
    }
    BOOST_TEST(fit.good_size({1'025, 8}) == alone.good_size({1'025, 8}));
    BOOST_TEST(fit.good_size({40, 64}) == alone.good_size({40, 64}));
}

BOOST_AUTO_TEST_CASE(quick_fit_gives_its_lists_back_before_it_refuses) {
    ledger book;
    {
        quick_fit<hot, tiny, probe> fit{book};
        const layout whole{tiny.bytes - gap, 8};
        for (const layout node : {layout{16, 16}, layout{100, 8}, layout{1'024, 8}}) {
            const auto nodes = drain(fit, node);
            BOOST_TEST(nodes.size() == tiny.bytes / std::bit_ceil(fit.good_size(node) + gap));
            release(fit, nodes, node);
            // Another hot size, while all is in one list.
            void* const other = fit.allocate({64, 8});
            BOOST_TEST(other != nullptr);
            fit.deallocate(other, {64, 8});
            // And all of it at once.
            void* const at = fit.allocate(whole);
            BOOST_TEST(at != nullptr);
            BOOST_TEST(fit.allocate(node) == nullptr);
            fit.deallocate(at, whole);
        }
        BOOST_TEST(book.requests == 2U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(quick_fit_trims_its_lists_into_the_buddy) {
    ledger book;
    {
        quick_fit<hot, tiny, probe> fit{book};
        void* const a = fit.allocate({16, 8});
        void* const b = fit.allocate({500, 8});
        void* const c = fit.allocate({5'000, 8});
        fit.deallocate(a, {16, 8});
        fit.deallocate(b, {500, 8});
        fit.deallocate(c, {5'000, 8});
        BOOST_TEST(fit.trim() == 16U + 512U);
        BOOST_TEST(fit.trim() == 0U);
        std::byte* const first = request(fit, {16, 8});
        BOOST_TEST(first == a); // the buddy's lowest
        fit.deallocate(first, {16, 8});
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(quick_fit_returns_blocks_of_its_lists_that_came_from_beyond_the_range) {
    constexpr range_options narrow{.bytes = 4'096, .unit = 16, .largest = 256};
    ledger book;
    {
        quick_fit<hot, narrow, probe> fit{book};
        for (const std::size_t size : {500U, 1'000U}) {
            void* const at = fit.allocate({size, 8});
            BOOST_TEST(book.live.contains(at));
            fit.deallocate(at, {size, 8});
            BOOST_TEST(book.live.contains(at)); // kept
        }
    }
    BOOST_TEST(book.live.empty());
}

// real_time

BOOST_AUTO_TEST_CASE(real_time_asks_upstream_in_its_first_request_alone) {
    ledger book;
    {
        bounded<tiny> heap{book};
        for (const layout want : {layout{tiny.bytes + 1, 1}, layout{1, 8'192}, layout{SIZE_MAX, 1},
                                  layout{tiny.bytes - gap + 1, 1}}) {
            BOOST_TEST(heap.allocate(want) == nullptr);
            BOOST_TEST(heap.good_size(want) == want.size);
        }
        BOOST_TEST(book.requests == 0U); // nobody has what no range could hold
        void* const whole = heap.allocate({tiny.bytes - gap, 4'096});
        BOOST_TEST(whole != nullptr);
        BOOST_TEST(book.requests == 2U);
        BOOST_TEST(heap.allocate({1, 1}) == nullptr);
        heap.deallocate(whole, {tiny.bytes - gap, 4'096});
        for (int round = 0; round < 3; ++round) {
            const auto nodes = drain(heap, {16, 8});
            BOOST_TEST(nodes.size() == tiny.bytes / std::bit_ceil(16 + gap));
            BOOST_TEST(heap.allocate({tiny.bytes, 1}) == nullptr);
            release(heap, nodes, {16, 8});
        }
        BOOST_TEST(book.requests == 2U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(real_time_merges_at_once) {
    ledger book;
    bounded<tiny> heap{book};
    const auto nodes = drain(heap, {16, 8});
    for (std::size_t i = 0; i < nodes.size(); i += 2) { heap.deallocate(nodes[i], {16, 8}); }
    const std::size_t unit = std::bit_ceil(16 + gap);
    BOOST_TEST(heap.allocate({2 * unit - gap, 8}) == nullptr);
    for (std::size_t i = 1; i < nodes.size(); i += 2) {
        heap.deallocate(nodes[i], {16, 8});
        void* const pair = heap.allocate({2 * unit - gap, 8});
        BOOST_TEST_REQUIRE(pair == nodes[i - 1]);
    }
}

template <std::size_t... N>
using each_of = std::tuple<std::integral_constant<std::size_t, N>...>;
using own_bytes = each_of<4'096, 65'536, 1'048'576>;

BOOST_AUTO_TEST_CASE_TEMPLATE(real_time_has_its_memory_in_itself, Bytes, own_bytes) {
    using heap_type = real_time<range_options{.bytes = Bytes{}, .align = 64}>;
    const auto heap = std::make_unique<heap_type>();
    const auto blocks = drain(*heap, {60 - gap, 4});
    BOOST_TEST(blocks.size() == Bytes{} / 64); // all of it
    for (std::byte* const at : blocks) {
        BOOST_TEST_REQUIRE(detail::address(at) - detail::address(heap.get()) < sizeof(heap_type));
    }
    release(*heap, blocks, {60 - gap, 4});
    BOOST_TEST(sizeof(heap_type) < Bytes{} + Bytes{} / 32 + 256);
    BOOST_TEST(heap->allocate({1, 128}) == nullptr); // an alignment that the range has not
}

BOOST_AUTO_TEST_CASE(real_time_holds_what_its_range_has_room_for_and_no_more) {
    static_assert(detail::largest_in({.bytes = 64'000, .unit = 64}) == layout{32'768 - gap, 4'096});
    static_assert(detail::largest_in({.bytes = 768, .unit = 64}) == layout{512 - gap, 512});
    static_assert(detail::largest_in({.bytes = 65'536, .largest = 1'000}) == layout{1'000, 4'096});
    ledger book;
    bounded<range_options{.bytes = 64'000, .unit = 64}> odd{book};
    const layout most = detail::largest_in({.bytes = 64'000, .unit = 64});
    void* const at = odd.allocate(most);
    BOOST_TEST(at != nullptr);
    BOOST_TEST(odd.allocate({most.size + 1, 1}) == nullptr);
    BOOST_TEST(book.requests == 2U);
    odd.deallocate(at, most);
}

BOOST_AUTO_TEST_CASE(stack_first_asks_its_heap_for_nothing_that_its_bytes_can_hold) {
    ledger book;
    stack_first<1'024, probe> call{book};
    void* const small = call.allocate({500, 8});
    BOOST_TEST(book.requests == 0U);
    void* const large = call.allocate({600, 8});
    BOOST_TEST((book.live.contains(large) && call.spills() == 1U));
    call.deallocate(large, {600, 8});
    call.deallocate(small, {500, 8});
    BOOST_TEST(book.live.empty());
}
