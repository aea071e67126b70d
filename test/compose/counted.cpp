// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/compose/counted.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/core/best_classes.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "support/conformance.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

using namespace alloy;

namespace {

static_assert(resettable_policy<counted<bump<>>> && resizing_policy<counted<bump<>>>);
static_assert(!marking_policy<counted<bump<>>>, "how many blocks a rewind ends is unknown");
static_assert(batching_policy<counted<bitmap<layout{40, 8}>>> &&
              trimming_policy<counted<pool16<>>>);
static_assert(!std::is_move_constructible_v<counted<bump<>>> &&
                  !std::is_copy_constructible_v<counted<bump<>>>,
              "an arena with live blocks cannot be moved: none can");
static_assert(!thread_safe_v<counted<new_source>> && !migratory_v<counted<new_source>>,
              "whatever its upstream is");
constinit counted<pool16<>> early;

using none = counted<pool16<>, counted_options{.reads = gauge::none}>;
using bytes = counted<pool16<>, counted_options{.reads = gauge::bytes}>;
using sizes = counted<pool16<>, counted_options{.reads = gauge::sizes}>;
using threads = counted<locked<pool16<>>, counted_options{.reads = gauge::sizes, .shared = true}>;
static_assert(rounding_policy<counted<pool16<>>> && rounding_policy<none>);
static_assert(
    !rounding_policy<bytes> &&
        !measuring_policy<counted<measured<new_source>, counted_options{.reads = gauge::bytes}>>,
    "a block comes back with the size that was asked");
static_assert(measuring_policy<counted<measured<new_source>>>);
static_assert(sizeof(none) == sizeof(pool16<>) &&
              marking_policy<counted<bump<>, counted_options{.reads = gauge::none}>>);
static_assert(thread_safe_v<threads> && !thread_safe_v<counted<locked<pool16<>>>>);
constinit threads early_too;

using arena = counted<bump<>>;

/// Every block is the same: in almost no time.
struct one_place {
    static constexpr std::size_t max_align = alignof(std::max_align_t);
    static constexpr bool thread_safe = true;
    static inline std::max_align_t place{};
    static void* allocate(layout /*want*/) noexcept { return &place; }
    static void deallocate(void* /*at*/, layout /*given*/) noexcept {}
};

} // namespace

BOOST_AUTO_TEST_CASE(conforms) {
    test::ledger book;
    {
        counted<pool16<test::probe>> all{book};
        test::conformance(all, {128, 128});
        BOOST_TEST(all.live() == 0U);
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<counted<pool16<test::probe>>>({200, 64});
}

BOOST_AUTO_TEST_CASE(counts_what_is_out) {
    void* const first = early.allocate({8, 8});
    void* const second = early.allocate({1000, 8});
    BOOST_TEST(early.live() == 2U);
    BOOST_TEST(early.allocate({unlimited, 8}) == nullptr);
    BOOST_TEST(early.live() == 2U);
    early.deallocate(first, {8, 8});
    BOOST_TEST(early.live() == 1U);
    early.deallocate(second, {1000, 8});
    BOOST_TEST(early.live() == 0U);
}

BOOST_AUTO_TEST_CASE(counts_batches_and_zeroed_blocks) {
    counted<bitmap<layout{40, 8}>> nodes;
    std::array<void*, 10> out{};
    BOOST_TEST(nodes.allocate_batch({40, 8}, out.data(), out.size()) == 10U);
    BOOST_TEST(nodes.live() == 10U);
    nodes.deallocate_batch(out.data(), out.size(), {40, 8});
    BOOST_TEST(nodes.live() == 0U);

    test::ledger book;
    book.budget = 3;
    counted<freelist<layout{40, 8}, test::probe>> few{book};
    BOOST_TEST(few.allocate_batch({40, 8}, out.data(), out.size()) == 3U);
    BOOST_TEST(few.live() == 3U);
    few.deallocate_batch(out.data(), 3, {40, 8});
    BOOST_TEST(few.live() == 0U);

    counted<malloc_source> heap;
    void* const at = heap.allocate_zeroed({40, 8});
    BOOST_TEST(heap.live() == 1U);
    heap.deallocate(at, {40, 8});
    BOOST_TEST(heap.live() == 0U);
}

BOOST_AUTO_TEST_CASE(an_arena_that_is_reset_or_destroyed_with_live_blocks_is_reported) {
    const auto with_one_block = [](auto end) {
        return test::dies([&] {
            std::optional<arena> all(std::in_place);
            const auto lost = all->allocate({40, 8});
            static_cast<void>(lost);
            end(all);
        });
    };
    BOOST_TEST(with_one_block([](auto& all) { all->reset(); }));
    BOOST_TEST(with_one_block([](auto& all) { all.reset(); }));
    BOOST_TEST(test::dies([] { // by the containers in the wrong order
        std::optional<std::list<int, allocator<int, ref<arena>>>> list;
        arena all;
        list.emplace({1, 2, 3}, all);
    }));
    BOOST_TEST(!test::dies([] {
        arena all;
        std::list<int, allocator<int, ref<arena>>> list({1, 2, 3}, all);
        list.clear();
        all.reset();
    }));
}

BOOST_AUTO_TEST_CASE(after_a_reset_nothing_is_out) {
    const misuse_handler before = on_misuse([](const incident& /*leak*/) noexcept {});
    counted<bump<>, counted_options{.reads = gauge::bytes}> all;
    static_cast<void>(all.allocate({40, 8}));
    all.reset();
    on_misuse(before);
    BOOST_TEST((all.read().live() == traffic{}));
}

BOOST_AUTO_TEST_CASE(a_block_that_comes_back_twice_is_reported) {
    BOOST_TEST(test::dies([] {
        counted<pool16<>> all;
        void* const at = all.allocate({40, 8});
        all.deallocate(at, {40, 8});
        all.deallocate(at, {40, 8});
    }));
}

BOOST_AUTO_TEST_CASE(counts_bytes_asked_and_granted_both_ways_and_the_most_of_them) {
    bytes all;
    void* const first = all.allocate({3, 1});
    void* const second = all.allocate({20, 4});
    all.deallocate(first, {3, 1});
    const reading now = all.read();
    BOOST_TEST((now.came == traffic{2, 23, 8 + 24}));
    BOOST_TEST((now.went == traffic{1, 3, 8}));
    BOOST_TEST((now.live() == traffic{1, 20, 24}));
    BOOST_TEST(now.peak == 32U);
    all.deallocate(second, {20, 4});
    BOOST_TEST((all.read().live() == traffic{}));
    all.deallocate(all.allocate({3, 1}), {3, 1});
    BOOST_TEST(all.read().peak == 32U);
}

BOOST_AUTO_TEST_CASE(a_resize_is_a_block_that_went_and_one_that_came) {
    counted<bump<>, counted_options{.reads = gauge::bytes}> all;
    void* const at = all.allocate({16, 8});
    BOOST_TEST(all.resize(at, {16, 8}, 40));
    BOOST_TEST((all.read().live() == traffic{1, 40, 40}));
    BOOST_TEST(!all.resize(at, {40, 8}, 100000));
    BOOST_TEST((all.read().live() == traffic{1, 40, 40}));
    all.deallocate(at, {40, 8});
    BOOST_TEST((all.read().live() == traffic{}));

    arena blocks;
    void* const one = blocks.allocate({16, 8});
    BOOST_TEST(blocks.resize(one, {16, 8}, 40));
    BOOST_TEST((blocks.read().came == traffic{1, 0, 0})); // blocks alone
    blocks.deallocate(one, {40, 8});
}

BOOST_AUTO_TEST_CASE(counts_the_sizes_that_were_asked_for_as_best_classes_wants_them) {
    sizes all;
    std::vector<layout> asked;
    for (std::size_t size : {1U, 16U, 17U, 1024U, 1025U, 2048U, 2049U, 100000U}) {
        all.deallocate(all.allocate({size, 8}), {size, 8});
    }
    const auto seen = all.histogram();
    std::uint64_t blocks = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        blocks += seen[i].count;
        if (i > 0) { BOOST_TEST_REQUIRE(seen[i].size > seen[i - 1].size); }
    }
    const auto of = [&](std::size_t size) {
        for (const size_count& each : seen) {
            if (each.size == size) { return each.count; }
        }
        return std::uint64_t{0};
    };
    BOOST_TEST(blocks == 8U);
    BOOST_TEST(of(16) == 2U);
    BOOST_TEST(of(32) == 1U);
    BOOST_TEST(of(1024) == 1U);
    BOOST_TEST(of(2048) == 2U);
    BOOST_TEST(of(4096) == 1U);
    BOOST_TEST(of(131072) == 1U);
    const class_fit<3> fit = best_classes<3>(seen);
    BOOST_TEST(fit.sizes.back() >= 131072U);
}

BOOST_AUTO_TEST_CASE(threads_count_each_for_itself_and_nothing_is_lost) {
    constexpr std::uint64_t rounds = 2000;
    std::vector<std::thread> all;
    for (int i = 0; i < 20; ++i) { // more than there are lines of counters
        all.emplace_back([] {
            for (std::uint64_t n = 0; n < rounds; ++n) {
                early_too.deallocate(early_too.allocate({24, 8}), {24, 8});
            }
        });
    }
    for (std::thread& each : all) { each.join(); }
    const reading now = early_too.read();
    BOOST_TEST((now.came == traffic{20 * rounds, 24 * 20 * rounds, 24 * 20 * rounds}));
    BOOST_TEST((now.went == now.came));
    BOOST_TEST(early_too.histogram()[1].count == 20 * rounds);
}

BOOST_AUTO_TEST_CASE(threads_of_one_line_of_counters_lose_nothing) {
    constexpr int meetings = 100; // so that both run at once, however busy the machine is
    constexpr std::uint64_t rounds = 1'000;
    static counted<one_place, counted_options{.shared = true}> all;
    static std::atomic<int> ready{0};
    const auto once = [] { all.deallocate(all.allocate({8, 8}), {8, 8}); };
    const auto work = [once] {
        once();
        for (int i = 1; i <= meetings; ++i) {
            for (++ready; ready < 2 * i;) {} // who yields may be left on the other's core
            for (std::uint64_t n = 0; n < rounds; ++n) { once(); }
        }
    };
    std::thread first(work);
    while (ready == 0) { std::this_thread::yield(); }
    for (int i = 0; i < 15; ++i) { std::thread(once).join(); } // on the other lines
    std::thread second(work);
    first.join();
    second.join();
    BOOST_TEST(all.read().came.blocks == 2 * meetings * rounds + 17);
    BOOST_TEST(all.live() == 0U);
}

BOOST_AUTO_TEST_CASE(parts_of_a_program_share_a_pool_and_are_counted_apart) {
    using heap = global<locked<pool16<>>, struct for_all>;
    using parser = counted<heap, counted_options{.reads = gauge::bytes}>;
    parser words;
    parser trees;
    void* const word = words.allocate({10, 1});
    void* const tree = trees.allocate({40, 8});
    BOOST_TEST(words.read().live().requested == 10U);
    BOOST_TEST(trees.read().live().requested == 40U);
    words.deallocate(word, {10, 1});
    trees.deallocate(tree, {40, 8});
}

BOOST_AUTO_TEST_CASE(a_leak_is_reported_with_its_blocks_and_bytes) {
    static incident last{misuse::overflow};
    const misuse_handler before = on_misuse([](const incident& what) noexcept { last = what; });
    {
        bytes all;
        static_cast<void>(all.allocate({10, 1}));
        static_cast<void>(all.allocate({20, 1}));
    }
    on_misuse(before);
    BOOST_TEST((last.kind == misuse::leak));
    BOOST_TEST(last.blocks == 2U);
    BOOST_TEST(last.known.size == 30U);
}

BOOST_AUTO_TEST_CASE(each_gauge_keeps_every_law) {
    const auto laws = []<counted_options Options>() {
        test::ledger book;
        {
            counted<pool16<test::probe>, Options> all{book};
            test::conformance(all, {128, 128});
            if constexpr (Options.reads != gauge::none) { BOOST_TEST(all.live() == 0U); }
        }
        BOOST_TEST(book.live.empty());
        test::survives_every_failure<counted<pool16<test::probe>, Options>>({200, 64});
    };
    laws.template operator()<counted_options{.reads = gauge::none}>();
    laws.template operator()<counted_options{.reads = gauge::bytes}>();
    laws.template operator()<counted_options{.reads = gauge::sizes}>();
}
