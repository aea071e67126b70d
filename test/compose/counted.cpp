// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/compose/counted.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "support/conformance.hpp"

#include <array>
#include <cstddef>
#include <list>
#include <optional>
#include <type_traits>

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

using arena = counted<bump<>>;

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

BOOST_AUTO_TEST_CASE(a_block_that_comes_back_twice_is_reported) {
    BOOST_TEST(test::dies([] {
        counted<pool16<>> all;
        void* const at = all.allocate({40, 8});
        all.deallocate(at, {40, 8});
        all.deallocate(at, {40, 8});
    }));
}
