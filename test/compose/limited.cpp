// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/compose/limited.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "support/conformance.hpp"
#include "support/interrupted.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <list>
#include <new>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

static_assert(rounding_policy<limited<64, pool16<>>> && resizing_policy<limited<64, pool16<>>> &&
              trimming_policy<limited<64, pool16<>>> && resettable_policy<limited<64, bump<>>> &&
              batching_policy<limited<64, bitmap<layout{40, 8}>>> &&
              zeroing_policy<limited<64, malloc_source>>);
template <class P>
concept marks = requires(P& p) { p.mark(); };
static_assert(marks<bump<>> && !marks<limited<64, bump<>>> && !marking_policy<limited<64, bump<>>>,
              "how many bytes a rewind ends is unknown");
static_assert(!rounding_policy<limited<64>> && !resettable_policy<limited<64, pool16<>>>);
static_assert(!thread_safe_v<limited<64, new_source>> && thread_safe_v<locked<limited<64>>>);
static_assert(migratory_v<new_source> && !migratory_v<limited<64, new_source>>,
              "another instance would count what never came from it");
static_assert(limited<64>::limit == 64 && max_size_v<limited<64>> == 64);
static_assert(max_size_v<limited<unlimited, bitmap<layout{40, 8}>>> ==
              bitmap<layout{40, 8}>::max_size);
static_assert(!std::copy_constructible<limited<64>> && !std::movable<limited<64>>);
constinit limited<1'000, pool16<>> early; // construction acquires nothing

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        limited<5'000, pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
        BOOST_TEST(pool.used() == 0U);
        BOOST_TEST(pool.peak() > 4'000U);
        BOOST_TEST(pool.peak() <= 5'000U);
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<limited<1'000'000, pool16<probe>>>({160, 64});

    limited<3'000, bump<>> arena;
    test::conformance(arena, {200, 64}, 1'000);
    rich::record record;
    {
        limited<3'000, rich> memory{record};
        test::conformance(memory, {200, 64});
        BOOST_TEST(memory.used() == 0U);
    }
    BOOST_TEST(record.live.empty());
}

BOOST_AUTO_TEST_CASE(serves_to_the_last_byte_and_refuses_one_more) {
    ledger book;
    limited<100, probe> memory{book};
    void* const first = memory.allocate({60, 1});
    BOOST_TEST(memory.used() == 60U);
    BOOST_TEST(memory.allocate({41, 1}) == nullptr);
    BOOST_TEST(memory.allocate({SIZE_MAX, 1}) == nullptr);
    BOOST_TEST(memory.used() == 60U);
    BOOST_TEST(book.requests == 1U, "what is refused goes no further");
    void* const second = memory.allocate({40, 1});
    BOOST_TEST(second != nullptr);
    BOOST_TEST(memory.used() == 100U);
    BOOST_TEST(memory.allocate({1, 1}) == nullptr);
    memory.deallocate(first, {60, 1});
    BOOST_TEST(memory.used() == 40U);
    BOOST_TEST(memory.peak() == 100U);
    memory.deallocate(second, {40, 1});
    BOOST_TEST(memory.used() == 0U);
    BOOST_TEST(memory.peak() == 100U);
}

BOOST_AUTO_TEST_CASE(counts_nothing_where_upstream_is_out) {
    ledger book;
    book.budget = 0;
    limited<100, probe> memory{book};
    BOOST_TEST(memory.allocate({60, 1}) == nullptr);
    BOOST_TEST(memory.used() == 0U);
    BOOST_TEST(memory.peak() == 0U);
}

BOOST_AUTO_TEST_CASE(counts_what_a_block_really_has_whatever_size_it_comes_back_with) {
    rich::record record; // rounds to 32
    limited<100, rich> memory{record};
    void* const first = memory.allocate({1, 1});
    void* const second = memory.allocate({33, 1});
    BOOST_TEST(memory.used() == 96U);
    BOOST_TEST(memory.allocate({1, 1}) == nullptr, "4 bytes are left, and 32 would be taken");
    memory.deallocate(second, {50, 1});
    BOOST_TEST(memory.used() == 32U);
    memory.deallocate(first, {32, 1});
    BOOST_TEST(memory.used() == 0U);
    void* const zeroed = memory.allocate_zeroed({65, 1});
    BOOST_TEST(zeroed != nullptr);
    BOOST_TEST(memory.used() == 96U);
    BOOST_TEST(memory.allocate_zeroed({1, 1}) == nullptr);
    BOOST_TEST(record.zeroings == 1U);
    memory.deallocate(zeroed, {65, 1});
}

BOOST_AUTO_TEST_CASE(rounds_as_upstream_does_but_for_what_it_can_never_serve) {
    rich::record record;
    const limited<100, rich> memory{record};
    BOOST_TEST(memory.good_size({1, 1}) == 32U);
    BOOST_TEST(memory.good_size({96, 1}) == 96U);
    BOOST_TEST(memory.good_size({97, 1}) == 97U);
    BOOST_TEST(memory.good_size({200, 1}) == 200U);
    test::good_size_laws(memory, {300, 64});
    const limited<96, rich> exact{record};
    BOOST_TEST(exact.good_size({95, 1}) == 96U);
}

BOOST_AUTO_TEST_CASE(cuts_a_batch_where_the_room_ends) {
    rich::record record;
    limited<100, rich> memory{record};
    std::array<void*, 5> out{};
    BOOST_TEST(memory.allocate_batch({20, 4}, out.data(), 2) == 2U);
    BOOST_TEST(memory.used() == 64U);
    BOOST_TEST(memory.allocate_batch({20, 4}, out.data() + 2, 3) == 1U);
    BOOST_TEST(memory.used() == 96U);
    record.last = {0, 0};
    BOOST_TEST(memory.allocate_batch({20, 4}, out.data() + 3, 2) == 0U);
    BOOST_TEST((record.last == layout{0, 0}), "upstream was asked for what is refused");
    BOOST_TEST(memory.peak() == 96U);
    memory.deallocate_batch(out.data(), 3, {25, 4});
    BOOST_TEST(memory.used() == 0U);
    BOOST_TEST(memory.allocate_batch({20, 512}, out.data(), 2) == 0U, "upstream cannot align it");
    BOOST_TEST(memory.used() == 0U);
    BOOST_TEST(record.live.empty());
}

BOOST_AUTO_TEST_CASE(follows_a_block_that_grows_and_shrinks) {
    rich::record record;
    limited<100, rich> memory{record};
    void* const at = memory.allocate({32, 8});
    BOOST_TEST(memory.resize(at, {32, 8}, 96));
    BOOST_TEST(memory.used() == 96U);
    BOOST_TEST(memory.resize(at, {96, 8}, 65), "all the same size");
    BOOST_TEST(memory.used() == 96U);
    BOOST_TEST(!memory.resize(at, {90, 8}, 97), "upstream could");
    BOOST_TEST((record.live.at(at) == layout{65, 8}));
    BOOST_TEST(memory.used() == 96U);
    BOOST_TEST(memory.resize(at, {90, 8}, 10));
    BOOST_TEST(memory.used() == 32U);
    BOOST_TEST(memory.peak() == 96U);
    memory.deallocate(at, {10, 8});

    limited<10'000, rich> wide{record};
    void* const other = wide.allocate({32, 8});
    BOOST_TEST(!wide.resize(other, {32, 8}, 1'000), "upstream cannot");
    BOOST_TEST(!wide.resize(other, {32, 8}, SIZE_MAX));
    BOOST_TEST(wide.used() == 32U);
    BOOST_TEST(wide.resize(other, {32, 8}, 100));
    BOOST_TEST(wide.peak() == 128U);
    wide.deallocate(other, {100, 8});
    BOOST_TEST(record.live.empty());
}

BOOST_AUTO_TEST_CASE(has_all_its_room_again_after_a_reset) {
    limited<100, bump<>> arena;
    BOOST_TEST(arena.allocate({100, 4}) != nullptr);
    BOOST_TEST(arena.allocate({4, 4}) == nullptr);
    arena.reset();
    BOOST_TEST(arena.used() == 0U);
    BOOST_TEST(arena.peak() == 100U);
    BOOST_TEST(arena.allocate({60, 4}) != nullptr);
    BOOST_TEST(arena.used() == 60U);
    arena.reset();
}

BOOST_AUTO_TEST_CASE(bounds_a_container_which_serves_on) {
    using handle = ref<limited<1'000, pool16<>>>;
    {
        std::list<int, allocator<int, handle>> list(early);
        const auto fill = [&] {
            for (int i = 0;; ++i) { list.push_back(i); }
        };
        BOOST_CHECK_THROW(fill(), std::bad_alloc);
        const std::size_t all = list.size();
        BOOST_TEST(all == 1'000 / early.good_size({sizeof(void*) * 3, alignof(void*)}));
        list.pop_front();
        list.push_back(7);
        BOOST_TEST(list.size() == all);
        BOOST_CHECK_THROW(list.push_back(8), std::bad_alloc);
    }
    BOOST_TEST(early.used() == 0U);
    BOOST_TEST((allocator<char, handle>(early).max_size() == 1'000U));
    std::vector<char, allocator<char, handle>> large(early);
    BOOST_CHECK_THROW(large.resize(1'001), std::exception);
}

BOOST_AUTO_TEST_CASE(holds_though_a_handler_allocates_while_upstream_is_asked) {
    using source = test::interrupted<struct under_a_limit>;
    limited<100, source> purse;
    void* inner = &purse;
    const auto take = [&](std::size_t bytes) {
        source::before_next = [&inner, &purse, bytes] { inner = purse.allocate({bytes, 8}); };
    };
    take(60);
    void* const outer = purse.allocate({60, 8});
    BOOST_TEST(inner == nullptr);
    BOOST_TEST((purse.used() == 60U && purse.peak() == 60U));
    take(40);
    std::array<void*, 9> batch{};
    BOOST_TEST(purse.allocate_batch({8, 8}, batch.data(), batch.size()) == 5U);
    BOOST_TEST(inner == nullptr);
    BOOST_TEST((purse.used() == 100U && purse.peak() == 100U));
    purse.deallocate_batch(batch.data(), 5, {8, 8});
    source::before_next = [] { source::refuses = true; };
    BOOST_TEST(purse.allocate({40, 8}) == nullptr);
    BOOST_TEST(purse.allocate_batch({8, 8}, batch.data(), 2) == 0U);
    source::refuses = false;
    BOOST_TEST(purse.used() == 60U);
    purse.deallocate(outer, {60, 8});
    BOOST_TEST(source::out == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_that_comes_back_twice_is_reported) {
    BOOST_TEST(test::dies([] {
        limited<100, pool16<>> pool;
        void* const at = pool.allocate({40, 8});
        pool.deallocate(at, {40, 8});
        pool.deallocate(at, {40, 8});
    }));
}
