// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/aligned.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

using floats = aligned<64, new_source>;
static_assert(stateless_policy<floats> && handle_policy<floats>);
static_assert(std::is_empty_v<allocator<float, floats>> &&
              sizeof(std::vector<float, allocator<float, floats>>) == sizeof(std::vector<float>));
static_assert(std::allocator_traits<allocator<float, floats>>::is_always_equal::value);
static_assert(stateless_policy<aligned<64, aligned<32, new_source>>>);
static_assert(floats::max_align == any_align && thread_safe_v<floats> && migratory_v<floats>);
static_assert(!rounding_policy<floats> && !resizing_policy<floats> && !zeroing_policy<floats> &&
              !batching_policy<floats> && !owning_policy<floats> && !trimming_policy<floats>);
static_assert(zeroing_policy<aligned<64, malloc_source>> && zero_fresh_v<aligned<64, pages<>>> &&
              max_size_v<aligned<64, pages<>>> == max_size_v<pages<>>);

using lines = aligned<64, pool16<>>;
static_assert(!std::copy_constructible<lines> && !std::movable<lines> && !handle_policy<lines>);
static_assert(!std::convertible_to<ledger&, aligned<64, probe>> &&
              std::constructible_from<aligned<64, probe>, ledger&>);
static_assert(rounding_policy<lines> && resizing_policy<lines> && trimming_policy<lines> &&
              !thread_safe_v<lines> && sizeof(lines) == sizeof(pool16<>));
static_assert(marking_policy<aligned<64, bump<>>> && resettable_policy<aligned<64, bump<>>>);
static_assert(handle_policy<aligned<64, ref<bump<>>>> &&
              sizeof(aligned<64, ref<bump<>>>) == sizeof(void*));
static_assert(std::convertible_to<bump<>&, aligned<64, ref<bump<>>>>, "as implicit as a ref");
static_assert(!marking_policy<aligned<64, ref<bump<>>>>, "what ends blocks belongs to the owner");
static_assert(thread_safe_v<aligned<64, locked<pool16<>>>>);
static_assert(lockable_policy<aligned<64, locked<pool16<>>>> && !lockable_policy<lines>);

constinit lines before_main; // construction acquires nothing

bool is_line(const void* at) { return std::bit_cast<std::uintptr_t>(at) % 64 == 0; }

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        aligned<32, pool16<probe>> pool{book};
        test::conformance(pool, {200, 128});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<aligned<32, pool16<probe>>>({160, 64});
    rich::record record;
    aligned<32, rich> all{record};
    test::conformance(all, {200, 256});
    BOOST_TEST(record.live.empty());
}

BOOST_AUTO_TEST_CASE(never_misaligns_a_block) { test::never_misaligned(before_main, 128); }

BOOST_AUTO_TEST_CASE(aligns_every_block_and_keeps_a_stronger_alignment) {
    lines pool;
    for (std::size_t size = 1; size <= 300; ++size) {
        void* const at = pool.allocate({size, 1});
        BOOST_TEST_REQUIRE(is_line(at));
        pool.deallocate(at, {size, 1});
    }
    void* const strong = pool.allocate({8, 128});
    BOOST_TEST(std::bit_cast<std::uintptr_t>(strong) % 128 == 0U);
    pool.deallocate(strong, {8, 128});
    BOOST_TEST(pool.good_size({4, 4}) == 64U);
}

BOOST_AUTO_TEST_CASE(raises_the_alignment_of_every_operation_both_ways) {
    rich::record record; // which compares the alignments
    const aligned<64, rich> policy{record};
    void* const at = policy.allocate({8, 8});
    BOOST_TEST((record.last == layout{8, 64}));
    BOOST_TEST(policy.resize(at, {8, 8}, 40));
    BOOST_TEST(policy.owns(at));
    policy.deallocate(at, {40, 8});

    void* const zeroed = policy.allocate_zeroed({8, 8});
    BOOST_TEST((record.last == layout{8, 64}));
    BOOST_TEST(record.zeroings == 1U);
    policy.deallocate(zeroed, {8, 8});

    std::array<void*, 3> batch{};
    BOOST_TEST(policy.allocate_batch({8, 8}, batch.data(), batch.size()) == 3U);
    BOOST_TEST((record.last == layout{8, 64}));
    policy.deallocate_batch(batch.data(), batch.size(), {8, 8});
    BOOST_TEST(record.live.empty());
}

BOOST_AUTO_TEST_CASE(serves_containers_through_a_handle_or_without_one) {
    const std::vector<float, allocator<float, floats>> stateless(100);
    BOOST_TEST(is_line(stateless.data()));
    bump<> arena;
    using in_arena = allocator<float, aligned<64, ref<bump<>>>>;
    std::vector<float, in_arena> vector(in_arena{arena});
    for (int i = 0; i < 100; ++i) { vector.push_back(1.0F); }
    BOOST_TEST(is_line(vector.data()));
    BOOST_TEST(arena.held() != 0U);
    bump<> other;
    BOOST_TEST((in_arena{arena} == vector.get_allocator()));
    BOOST_TEST((in_arena{other} != vector.get_allocator()));
}
