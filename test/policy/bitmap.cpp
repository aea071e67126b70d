// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/policy/bitmap.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/interrupted.hpp"
#include "support/probe.hpp"
#include "support/resident.hpp"
#include "support/shelf.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <set>
#include <span>
#include <utility>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

constexpr layout node{48, 16};
constexpr std::size_t stride = 48 + detail::redzone;
constexpr std::size_t chunk = 4096;

/// Chunks of a page, so that a few dozen nodes fill one.
template <policy Upstream>
using small = bitmap<node, Upstream, chunk>;

constexpr std::size_t per_chunk = (small<new_source>::max_size + detail::redzone) / stride;

/// The chunk that a node is in.
std::size_t home(const void* at) { return detail::address(at) / chunk; }

/// `n` nodes, in the order in which they came.
template <policy P>
std::vector<void*> take(P& from, std::size_t n) {
    std::vector<void*> nodes(n);
    for (void*& each : nodes) {
        each = from.allocate(node);
        BOOST_TEST_REQUIRE(each != nullptr);
    }
    return nodes;
}

template <policy P>
void give(P& to, const std::vector<void*>& nodes) {
    for (void* const each : nodes) { to.deallocate(each, node); }
}

} // namespace

static_assert(policy<bitmap<node>> && rounding_policy<bitmap<node>> &&
              batching_policy<bitmap<node>> && trimming_policy<bitmap<node>>);
static_assert(!owning_policy<bitmap<node>>, "would search all chunks");
static_assert(!resizing_policy<bitmap<node>> && !zeroing_policy<bitmap<node>> &&
              !resettable_policy<bitmap<node>> && !marking_policy<bitmap<node>> &&
              !measuring_policy<bitmap<node>>);
static_assert(!thread_safe_v<bitmap<node>> && !zero_fresh_v<bitmap<node, pages<>>> &&
              !migratory_v<bitmap<node>>);
static_assert(!std::copy_constructible<bitmap<node>> && !std::movable<bitmap<node>>);
static_assert(!std::is_constructible_v<bitmap<node>, bitmap<node>&>);
static_assert(bitmap<layout{1, 1}>::node == layout{1, 1}, "a node need not hold a link");
static_assert(bitmap<layout{20, 8}>::node == layout{24, 8}, "a node's size is a stride");
static_assert(bitmap<node>::max_align == 16);
static_assert(max_size_v<bitmap<node>> == bitmap<node>::max_size);
static_assert(sizeof(bitmap<node>) == 4 * sizeof(void*), "new_source takes no room");
static_assert(per_chunk * (stride * 8 + 1) > (chunk - 64 - 32 - stride) * 8, "little is lost");
static_assert(bitmap<layout{1, 1}, new_source, chunk>::max_size > chunk * 8 / 9 - 100,
              "not even to the bits of the smallest nodes");
static_assert(bitmap<layout{8, 8}, new_source, 512>::max_size > 8, "the least chunk that serves");
static_assert(bitmap<node, new_source, std::size_t{1} << 31U>::max_size > any_size >> 33U);

constinit bitmap<node> before_main; // construction acquires nothing

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        small<probe> bits{book};
        test::conformance(bits, node);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(conforms_with_arrays_up_to_a_chunk) {
    ledger book;
    {
        small<probe> bits{book};
        test::conformance(bits, {small<probe>::max_size, 16});
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    test::survives_every_failure<bitmap<layout{128, 16}, probe, 2048>>({300, 16});
}

BOOST_AUTO_TEST_CASE(never_misaligns) {
    bitmap<layout{128, 64}> bits;
    test::never_misaligned(bits);
    bitmap<layout{1, 1}> bytes;
    BOOST_TEST(bytes.allocate({1, 2}) == nullptr);
}

BOOST_AUTO_TEST_CASE(returns_all_upstream_at_its_end_and_live_nodes_with_it) {
    ledger book;
    {
        small<probe> bits{book};
        static_cast<void>(take(bits, 5 * per_chunk));
        BOOST_TEST(book.live.size() == 5U);
        for (const auto& [at, want] : book.live) { BOOST_TEST((want == layout{chunk, chunk})); }
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(refuses_what_does_not_fit_and_leaves_upstream_alone) {
    ledger book;
    small<probe> bits{book};
    BOOST_TEST(bits.allocate({small<probe>::max_size + 1, 16}) == nullptr);
    BOOST_TEST(bits.allocate({8, 32}) == nullptr);
    BOOST_TEST(bits.good_size({8, 32}) == 8U);
    BOOST_TEST(bits.trim() == 0U);
    BOOST_TEST(book.requests == 0U);
}

BOOST_AUTO_TEST_CASE(fills_a_chunk_to_the_end_before_it_takes_another) {
    ledger book;
    small<probe> bits{book};
    const std::vector<void*> first = take(bits, per_chunk);
    BOOST_TEST(book.served == 1U);
    for (std::size_t i = 1; i < first.size(); ++i) {
        BOOST_TEST(detail::address(first[i]) - detail::address(first[i - 1]) == stride);
    }
    BOOST_TEST(detail::address(first.back()) + stride <= (home(first[0]) + 1) * chunk);
    const std::vector<void*> next = take(bits, 1);
    BOOST_TEST(book.served == 2U);
    BOOST_TEST(home(next[0]) != home(first[0]));
    give(bits, first);
    give(bits, next);
}

BOOST_AUTO_TEST_CASE(takes_the_lowest_free_node_of_all_chunks) {
    ledger book;
    small<probe> bits{book};
    std::vector<void*> live = take(bits, 7 * per_chunk);
    // One node of each chunk stays, so that none goes upstream.
    std::set<std::size_t> pinned;
    std::erase_if(live, [&](void* at) { return pinned.insert(home(at)).second; });
    BOOST_TEST(pinned.size() == 7U);
    std::set<void*> free;
    std::mt19937 random{42};
    for (int step = 0; step < 50'000; ++step) {
        const bool drain = random() % 16 < (step / 500 % 2 == 0 ? 11U : 5U);
        if (drain ? !live.empty() : free.empty()) {
            const std::size_t i = random() % live.size();
            bits.deallocate(live[i], node);
            free.insert(live[i]);
            live[i] = live.back();
            live.pop_back();
        } else {
            void* const at = bits.allocate(node);
            BOOST_TEST_REQUIRE(at == *free.begin());
            free.erase(free.begin());
            live.push_back(at);
        }
    }
    BOOST_TEST(book.served == 7U);
}

BOOST_AUTO_TEST_CASE(takes_and_returns_batches_of_neighbours) {
    ledger book;
    bitmap<node, probe, chunk> map{book};
    std::array<void*, 4> out{};
    BOOST_TEST(map.allocate_batch(node, out.data(), 4) == 4U);
    BOOST_TEST(std::is_sorted(out.begin(), out.end()));
    map.deallocate_batch(out.data(), 4, node);
    map.trim();
    BOOST_TEST(book.live.empty());

    book.budget = 1;
    std::vector<void*> all(per_chunk + 1);
    BOOST_TEST(map.allocate_batch(node, all.data(), all.size()) == per_chunk);
    map.deallocate_batch(all.data(), per_chunk, node);
}

BOOST_AUTO_TEST_CASE(takes_batches_back_whichever_chunks_they_come_from) {
    ledger book;
    small<probe> bits{book};
    const std::vector<void*> nodes = take(bits, 3 * per_chunk);
    std::set<void*> live(nodes.begin(), nodes.end());
    std::size_t next = 0;                              // of each chunk
    for (std::size_t order = 0; order < 27; ++order) { // three nodes, each of any of three chunks
        std::vector<void*> batch;
        for (const std::size_t of : {order / 9, order / 3 % 3, order % 3}) {
            batch.push_back(nodes[of * per_chunk + next++ % per_chunk]);
        }
        for (const std::size_t n : {3U, 2U, 1U, 0U}) {
            bits.deallocate_batch(batch.data(), n, node);
            for (std::size_t i = 0; i < n; ++i) { live.erase(batch[i]); }
            std::set<void*> left;
            bits.for_each_live([&](void* at) { left.insert(at); });
            BOOST_TEST((left == live));
            for (std::size_t i = 0; i < n; ++i) { live.insert(bits.allocate(node)); }
        }
    }
    give(bits, {live.begin(), live.end()});
}

BOOST_AUTO_TEST_CASE(hands_out_arrays_of_adjacent_nodes) {
    ledger book;
    small<probe> bits{book};
    const std::vector<void*> nodes = take(bits, 10);
    const auto nth = [&](std::size_t i) { return nodes[i]; };
    for (const std::size_t hole : {1U, 3U, 4U, 6U, 7U, 8U}) { bits.deallocate(nth(hole), node); }
    const layout three{3 * stride - detail::redzone, 16};
    const layout two{stride + 1, 16};
    void* const a = bits.allocate(three);
    BOOST_TEST(a == nth(6)); // the first run of three
    void* const b = bits.allocate(two);
    BOOST_TEST(b == nth(3));
    BOOST_TEST(bits.allocate(node) == nth(1));
    void* const c = bits.allocate({three.size + 1, 16}); // four
    BOOST_TEST(detail::address(c) == detail::address(nth(9)) + stride);
    BOOST_TEST(bits.good_size(two) == 2 * stride - detail::redzone);
    std::memset(c, 1, bits.good_size({three.size + 1, 16}));
    bits.deallocate(a, three);
    BOOST_TEST(bits.allocate(node) == nth(6));
    BOOST_TEST(bits.allocate(node) == nth(7));
    bits.deallocate(b, {bits.good_size(two), 16}); // any size between is the same
    BOOST_TEST(bits.allocate(node) == nth(3));
    BOOST_TEST(bits.allocate(node) == nth(4));
    BOOST_TEST(book.served == 1U);
}

BOOST_AUTO_TEST_CASE(looks_for_an_array_in_every_chunk_before_it_takes_another) {
    ledger book;
    small<probe> bits{book};
    const std::vector<void*> nodes = take(bits, 3 * per_chunk);
    const layout four{4 * stride - detail::redzone, 16};
    for (std::size_t i = 0; i < 4; ++i) { bits.deallocate(nodes[5 + i], node); }
    for (std::size_t i = 0; i < 3; ++i) { bits.deallocate(nodes[2 * per_chunk + i], node); }
    BOOST_TEST(bits.allocate(four) == nodes[5]);
    BOOST_TEST(book.served == 3U);
    void* const more = bits.allocate(four);
    BOOST_TEST(more != nullptr);
    BOOST_TEST(book.served == 4U);
}

BOOST_AUTO_TEST_CASE(an_array_that_fills_a_chunk_leaves_no_room_in_it) {
    ledger book;
    small<probe> bits{book};
    const layout whole{small<probe>::max_size, 16};
    void* const a = bits.allocate(whole);
    BOOST_TEST(book.served == 1U);
    void* const b = bits.allocate(whole);
    BOOST_TEST(book.served == 2U);
    void* const c = bits.allocate(node);
    BOOST_TEST(book.served == 3U);
    bits.deallocate(a, whole);
    bits.deallocate(c, node);
    bits.deallocate(b, whole);
    BOOST_TEST(book.live.size() == 1U);
}

BOOST_AUTO_TEST_CASE(gives_empty_chunks_upstream_but_for_the_lowest) {
    ledger book;
    small<probe> bits{book};
    const std::vector<void*> nodes = take(bits, 4 * per_chunk);
    std::vector<void*> order = nodes;
    std::shuffle(order.begin(), order.end(), std::mt19937{42});
    give(bits, order);
    BOOST_TEST(book.live.size() == 1U);
    BOOST_TEST(home(book.live.begin()->first) ==
               home(*std::min_element(nodes.begin(), nodes.end())));
    BOOST_TEST(take(bits, 1)[0] == *std::min_element(nodes.begin(), nodes.end()));
    BOOST_TEST(book.served == 4U);
}

BOOST_AUTO_TEST_CASE(keeps_the_chunk_of_a_node_that_comes_and_goes) {
    ledger book;
    small<probe> bits{book};
    const std::vector<void*> full = take(bits, per_chunk);
    for (int i = 0; i < 10; ++i) { give(bits, take(bits, 1)); }
    BOOST_TEST(book.served == 2U);
    give(bits, full);
    BOOST_TEST(book.live.size() == 1U);
    for (int i = 0; i < 10; ++i) { give(bits, take(bits, per_chunk)); }
    BOOST_TEST(book.served == 2U);
}

BOOST_AUTO_TEST_CASE(a_kept_chunk_that_is_used_again_does_not_stand_in_for_an_empty_one) {
    ledger book;
    small<probe> bits{book};
    std::vector<void*> nodes = take(bits, 2 * per_chunk);
    std::sort(nodes.begin(), nodes.end());
    const auto half = nodes.begin() + static_cast<std::ptrdiff_t>(per_chunk);
    const std::vector<void*> low{nodes.begin(), half};
    const std::vector<void*> high{half, nodes.end()};
    give(bits, low); // kept
    BOOST_TEST((take(bits, per_chunk) == low));
    BOOST_TEST(bits.trim() == 0U);
    BOOST_TEST(book.live.size() == 2U);
    give(bits, high); // kept now, since the other is in use
    BOOST_TEST(book.live.size() == 2U);
    give(bits, low); // lower
    BOOST_TEST(book.live.size() == 1U);
    BOOST_TEST(home(book.live.begin()->first) == home(low[0]));
    BOOST_TEST(bits.trim() == chunk);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(bits.trim() == 0U);
    give(bits, take(bits, 1));
    BOOST_TEST(bits.trim() == chunk);
}

BOOST_AUTO_TEST_CASE(keeps_as_many_empty_chunks_as_it_asked_for_again) {
    ledger book;
    small<probe> bits{book};
    const auto fill_and_empty = [&](std::size_t chunks) {
        give(bits, take(bits, chunks * per_chunk));
        return book.live.size();
    };
    BOOST_TEST(fill_and_empty(4) == 1U);
    BOOST_TEST(fill_and_empty(3) == 3U);
    BOOST_TEST(fill_and_empty(4) == 4U);
    book.requests = 0;
    BOOST_TEST(fill_and_empty(4) == 4U);
    BOOST_TEST(book.requests == 0U);
    BOOST_TEST(fill_and_empty(20) == 4U); // 16 of them for the first time
    BOOST_TEST(fill_and_empty(20) == 8U);
    BOOST_TEST(fill_and_empty(20) == 8U);
    bits.trim();
    BOOST_TEST(book.live.empty());
    BOOST_TEST(fill_and_empty(4) == 1U);
}

BOOST_AUTO_TEST_CASE(returns_a_chunk_that_it_took_while_a_handler_released_enough) {
    using source = test::interrupted<struct more_than_enough>;
    small<source> bits;
    std::vector<void*> live = take(bits, 2 * per_chunk);
    source::before_next = [&] { give(bits, {live.begin(), live.begin() + 4}); };
    live.push_back(bits.allocate(node));
    BOOST_TEST(source::out == 3U);
    give(bits, {live.begin() + 4, live.end()});
    bits.trim();
    BOOST_TEST(source::out == 0U);
}

BOOST_AUTO_TEST_CASE(trims_the_memory_behind_free_nodes) {
    test::trims_behind_free_nodes<bitmap<layout{64, 64}, pages<>, std::size_t{1} << 16U>>();
}

BOOST_AUTO_TEST_CASE(trims_its_upstream_too) {
    ledger book;
    bitmap<layout{16, 8}, bitmap<layout{512, 512}, probe, 16384>, 512> inner{book};
    inner.deallocate(inner.allocate({16, 8}), {16, 8});
    BOOST_TEST(book.live.size() == 1U);
    BOOST_TEST(inner.trim() == 512U);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(visits_every_live_node_in_address_order_within_a_chunk) {
    ledger book;
    small<probe> bits{book};
    std::vector<void*> live = take(bits, 3 * per_chunk);
    std::mt19937 random{42};
    std::erase_if(live, [&](void* at) {
        if (random() % 3 != 0) { return false; }
        bits.deallocate(at, node);
        return true;
    });
    void* const array = bits.allocate({3 * stride, 16});
    for (std::size_t i = 0; i < 3; ++i) {
        live.push_back(static_cast<std::byte*>(array) + i * stride);
    }
#if defined(ALLOY_HAS_ASAN)
    live.push_back(static_cast<std::byte*>(array) + 3 * stride); // the last gap takes a node more
#endif
    std::vector<void*> seen;
    std::as_const(bits).for_each_live([&](void* at) { seen.push_back(at); });
    for (std::size_t i = 1; i < seen.size(); ++i) {
        BOOST_TEST((home(seen[i]) != home(seen[i - 1]) || seen[i - 1] < seen[i]));
    }
    std::sort(seen.begin(), seen.end());
    std::sort(live.begin(), live.end());
    BOOST_TEST((seen == live));
}

BOOST_AUTO_TEST_CASE(visits_nothing_where_nothing_is_live) {
    bitmap<node> bits;
    int visits = 0;
    bits.for_each_live([&](void*) { ++visits; });
    bits.deallocate(bits.allocate(node), node);
    bits.for_each_live([&](void*) { ++visits; });
    BOOST_TEST(visits == 0);
}

BOOST_AUTO_TEST_CASE(finds_out_every_double_release_and_every_pointer_that_is_no_node) {
    small<new_source> bits;
    const std::vector<void*> nodes = take(bits, 40);
    auto* const first = static_cast<std::byte*>(nodes[0]);
    const auto release = [&](void* at, layout given) { bits.deallocate(at, given); };
    BOOST_TEST(!test::dies([&] { release(nodes[7], node); }));
    release(nodes[7], node);
    BOOST_TEST(test::dies([&] { release(nodes[7], node); }));
    for (std::size_t i = 1; i < stride; i += 7) {
        BOOST_TEST(test::dies([&] { release(first + i, {1, 1}); }));
    }
    // In the header, where the first distance is a multiple of the stride too.
    for (const std::size_t before : {stride, std::size_t{8}, detail::address(first) % chunk}) {
        BOOST_TEST(test::dies([&] { release(first - before, {1, 1}); }));
    }
    BOOST_TEST(test::dies([&] { release(nullptr, node); }));
    BOOST_TEST(test::dies([&] { release(first + 50 * stride, node); }));   // never handed out
    BOOST_TEST(test::dies([&] { release(nodes[39], {stride + 1, 16}); })); // more than it was
    BOOST_TEST(test::dies([&] { release(nodes[5], {3 * stride, 16}); }));  // over a hole
    BOOST_TEST(test::dies([&] { release(nodes[5], {chunk, 16}); }));
    BOOST_TEST(test::dies([&] { release(nodes[5], {8, 32}); }));
}

#if !defined(ALLOY_HAS_ASAN) // under which a release marks its first byte
BOOST_AUTO_TEST_CASE(writes_nothing_into_free_memory) {
    small<new_source> bits;
    const std::vector<void*> nodes = take(bits, 20);
    for (void* const each : nodes) { std::memset(each, 0x5A, 48); }
    give(bits, {nodes.begin() + 1, nodes.end()});
    const auto* const from = static_cast<const unsigned char*>(nodes[1]);
    BOOST_TEST((std::count(from, from + 19 * stride, 0x5A) == 19 * 48));
    give(bits, {nodes[0]});
}
#endif

BOOST_AUTO_TEST_CASE(gives_chunks_back_as_ordinary_memory) {
    static std::array<std::byte, 4 * chunk> bytes;
    {
        small<test::shelf> bits{std::span<std::byte>{bytes}};
        const std::vector<void*> nodes = take(bits, 2 * per_chunk);
        bits.deallocate(nodes[1], node);
        BOOST_TEST(nodes.size() == 2 * per_chunk);
    }
    BOOST_TEST(test::is_ordinary(bytes));
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_free_nodes_and_the_gaps_between_live_ones) {
    bitmap<node> bits;
    auto* const at = static_cast<unsigned char*>(bits.allocate(node));
    BOOST_TEST(__asan_region_is_poisoned(at, 48) == nullptr);
    for (int i = 48; i < 1000; ++i) { BOOST_TEST(__asan_address_is_poisoned(at + i) == 1); }
    void* const array = bits.allocate({100, 16});
    BOOST_TEST(__asan_region_is_poisoned(array, 2 * 64 - 16) == nullptr);
    BOOST_TEST(__asan_address_is_poisoned(static_cast<std::byte*>(array) + 112) == 1);
    bits.deallocate(array, {100, 16});
    bits.deallocate(at, {1, 1});
    for (int i = 0; i < 200; ++i) { BOOST_TEST(__asan_address_is_poisoned(at + i) == 1); }
}
#endif
