// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/retrying.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/limited.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

static_assert(resettable_policy<retrying<bump<>>> && marking_policy<retrying<bump<>>> &&
              trimming_policy<retrying<pool16<>>> && batching_policy<retrying<test::rich>> &&
              zeroing_policy<retrying<malloc_source>> && !resizing_policy<retrying<new_source>>);
static_assert(!thread_safe_v<retrying<pool16<>>> && thread_safe_v<retrying<locked<pool16<>>>>);

constinit retrying<pool16<>> before_main; // construction acquires nothing

/// Room that can be made: each call gives so many bytes more, until there are no more calls.
struct reserve {
    ledger* book;
    std::size_t calls_left;
    std::size_t asked = 0;
    layout last{0, 1};

    static bool give(void* context, layout want) noexcept {
        auto& self = *static_cast<reserve*>(context);
        ++self.asked;
        self.last = want;
        if (self.calls_left == 0) { return false; }
        --self.calls_left;
        ++self.book->budget;
        return true;
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(conforms_with_and_without_somebody_to_ask) {
    ledger book;
    {
        retrying<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
        pool.on_exhaustion([](void*, layout) noexcept { return false; });
        test::conformance(pool, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<retrying<pool16<probe>>>({200, 64});
}

BOOST_AUTO_TEST_CASE(asks_until_it_is_served_or_nothing_more_can_be_freed) {
    ledger book;
    book.budget = 0;
    retrying<probe> memory{book};
    BOOST_TEST(memory.allocate({8, 8}) == nullptr, "nobody is there");
    reserve spare{&book, 2};
    memory.on_exhaustion(reserve::give, &spare);
    void* const first = memory.allocate({24, 8});
    BOOST_TEST(first != nullptr);
    BOOST_TEST(spare.asked == 1U);
    BOOST_TEST((spare.last == layout{24, 8}));
    void* const second = memory.allocate({24, 8});
    BOOST_TEST(second != nullptr);
    BOOST_TEST(memory.allocate({24, 8}) == nullptr);
    BOOST_TEST(spare.asked == 3U);
    memory.on_exhaustion(nullptr);
    BOOST_TEST(memory.allocate({24, 8}) == nullptr);
    BOOST_TEST(spare.asked == 3U);
    memory.deallocate(first, {24, 8});
    memory.deallocate(second, {24, 8});
}

BOOST_AUTO_TEST_CASE(asks_more_than_once_for_one_block) {
    limited<100> memory;
    retrying<ref<limited<100>>> second_chance{memory};
    static std::vector<void*> cache;
    for (int i = 0; i < 4; ++i) { cache.push_back(memory.allocate({25, 1})); }
    second_chance.on_exhaustion(
        [](void* context, layout) noexcept {
            if (cache.empty()) { return false; }
            static_cast<limited<100>*>(context)->deallocate(cache.back(), {25, 1});
            cache.pop_back();
            return true;
        },
        &memory);
    void* const at = second_chance.allocate({60, 1});
    BOOST_TEST(at != nullptr);
    BOOST_TEST(cache.size() == 1U);
    second_chance.deallocate(at, {60, 1});
    memory.deallocate(cache.back(), {25, 1});
}

BOOST_AUTO_TEST_CASE(does_so_for_zeroed_blocks_and_the_rest_of_a_batch) {
    static bool room = false;
    static int asked = 0;
    struct scarce : malloc_source { // one block at a time; with room, two
        static void* allocate_zeroed(layout want) noexcept {
            return room ? malloc_source::allocate_zeroed(want) : nullptr;
        }
        static std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
            const std::size_t served = std::min<std::size_t>(n, room ? 2 : 1);
            for (std::size_t i = 0; i < served; ++i) { out[i] = malloc_source::allocate(want); }
            return served;
        }
        static void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
            for (std::size_t i = 0; i < n; ++i) { malloc_source::deallocate(in[i], given); }
        }
    };
    retrying<scarce> memory;
    memory.on_exhaustion([](void*, layout) noexcept {
        ++asked;
        return (room = asked > 1);
    });
    std::array<void*, 5> row{};
    BOOST_TEST(memory.allocate_batch({16, 8}, row.data(), row.size()) == 1U);
    BOOST_TEST(asked == 1);
    memory.deallocate_batch(row.data(), 1, {16, 8});
    BOOST_TEST(memory.allocate_batch({16, 8}, row.data(), row.size()) == 5U);
    BOOST_TEST(asked == 3);
    for (void* const each : row) { BOOST_TEST(each != nullptr); }
    memory.deallocate_batch(row.data(), row.size(), {16, 8});
    room = false;
    void* const zeros = memory.allocate_zeroed({16, 8});
    BOOST_TEST(zeros != nullptr);
    BOOST_TEST(asked == 4);
    memory.deallocate(zeros, {16, 8});
}

BOOST_AUTO_TEST_CASE(asks_nobody_for_what_nobody_could_serve) {
    retrying<limited<100, bitmap<layout{64, 64}>>> memory;
    static int asked = 0;
    memory.on_exhaustion([](void*, layout) noexcept { return ++asked < 5; });
    BOOST_TEST(memory.allocate({101, 1}) == nullptr);
    BOOST_TEST(memory.allocate({8, 128}) == nullptr);
    BOOST_TEST(memory.allocate({unlimited, 1}) == nullptr);
    BOOST_TEST(asked == 0);
    retrying<pool16<>> heap;
    heap.on_exhaustion([](void*, layout) noexcept { return ++asked < 5; });
    BOOST_TEST(heap.allocate({any_size + 1, 1}) == nullptr);
    BOOST_TEST(asked == 0);
}

BOOST_AUTO_TEST_CASE(lets_a_container_go_on_where_it_would_have_thrown) {
    limited<100'000> memory;
    retrying<ref<limited<100'000>>> second_chance{memory};
    void* const spare = memory.allocate({90'000, 8});
    static void* kept = spare;
    second_chance.on_exhaustion(
        [](void* context, layout) noexcept {
            if (kept == nullptr) { return false; }
            static_cast<limited<100'000>*>(context)->deallocate(kept, {90'000, 8});
            kept = nullptr;
            return true;
        },
        &memory);
    using handle = ref<decltype(second_chance)>;
    std::vector<int, allocator<int, handle>> numbers{allocator<int, handle>{second_chance}};
    for (int i = 0; i < 10'000; ++i) { numbers.push_back(i); }
    BOOST_TEST(kept == nullptr);
    BOOST_TEST(numbers.back() == 9'999);
    BOOST_CHECK_THROW(numbers.reserve(20'000), std::bad_alloc);
}
