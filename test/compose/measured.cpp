// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp" // first: it reroutes ALLOY_ASSERT

#include <alloy/compose/measured.hpp>

#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

using namespace alloy;
using test::ledger;
using test::probe;

static_assert(measuring_policy<measured<new_source>> && measuring_policy<measured<pool16<>>>);
static_assert(!measuring_policy<pool16<>>);
static_assert(!rounding_policy<measured<pool16<>>>, "what was asked is what may be written");
static_assert(!owning_policy<measured<bump<>>> && !owning_policy<measured<buffer>>);
static_assert(resizing_policy<measured<bump<>>> && !resizing_policy<measured<new_source>>);
static_assert(trimming_policy<measured<bump<>>> && !trimming_policy<measured<new_source>>);
static_assert(!resettable_policy<measured<bump<>>> && !marking_policy<measured<bump<>>> &&
              !batching_policy<measured<freelist<layout{64, 8}>>>);
static_assert(thread_safe_v<measured<locked<pool16<>>>> && !thread_safe_v<measured<pool16<>>>);
static_assert(migratory_v<measured<new_source>> && !migratory_v<measured<pool16<>>>);
static_assert(!single_threaded_v<measured<pool16<>>> && !zero_fresh_v<measured<new_source>>);
static_assert(measured<freelist<layout{64, 16}>>::max_align == 16 &&
              measured<freelist<layout{64, 16}>>::max_size == 56);
static_assert(measured<new_source>::max_align == any_align);
static_assert(std::is_empty_v<measured<new_source>>, "a stateless upstream takes no room");
static_assert(!std::copy_constructible<measured<pool16<>>> && !std::movable<measured<pool16<>>>);

constinit measured<pool16<>> before_main; // construction acquires nothing

namespace {

/// Serves nothing, and keeps what was asked. It declares every fact.
struct miser {
    static inline layout asked{};
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true;
    static constexpr bool single_threaded = true;
    static constexpr bool zero_fresh = true;
    static constexpr bool migratory = true;

    [[nodiscard]] static void* allocate(layout want) noexcept {
        asked = want;
        return nullptr;
    }
    static void deallocate(void* /*at*/, layout /*given*/) noexcept {}
};
static_assert(thread_safe_v<measured<miser>> && single_threaded_v<measured<miser>> &&
              zero_fresh_v<measured<miser>> && migratory_v<measured<miser>>);

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        measured<probe> plain{book};
        test::conformance(plain, {300, 256});
        measured<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
        measured<bump<bump_options{}, probe>> arena{book};
        test::conformance(arena, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<measured<probe>>({200, 64});
    test::survives_every_failure<measured<pool16<probe>>>({160, 64});
}

BOOST_AUTO_TEST_CASE(aligns_what_follows_the_prefix) {
    measured<pool16<>> pool;
    test::never_misaligned(pool);
}

BOOST_AUTO_TEST_CASE(puts_a_prefix_as_long_as_the_alignment_in_front_and_at_least_a_word) {
    ledger book;
    measured<probe> policy{book};
    for (std::size_t align = 1; align <= 4096; align *= 2) {
        const std::size_t prefix = std::max(align, sizeof(std::size_t));
        void* const at = policy.allocate({100, align});
        BOOST_TEST_REQUIRE(book.live.size() == 1U);
        const auto& [whole, want] = *book.live.begin();
        BOOST_TEST((want == layout{prefix + 100, prefix}));
        BOOST_TEST(static_cast<std::byte*>(at) - static_cast<std::byte*>(whole) ==
                   static_cast<std::ptrdiff_t>(prefix));
        policy.deallocate(at, {100, align});
    }
}

BOOST_AUTO_TEST_CASE(knows_the_size_of_every_block) {
    for (std::size_t align = 1; align <= 256; align *= 2) {
        for (const std::size_t size : {1U, 7U, 8U, 9U, 128U, 1000U, 70'000U}) {
            void* const at = before_main.allocate({size, align});
            BOOST_TEST_REQUIRE(at != nullptr);
            std::memset(at, 0xFF, size);
            BOOST_TEST(before_main.usable_size(at) == size);
            before_main.deallocate(at, {before_main.usable_size(at), align});
        }
    }
}

BOOST_AUTO_TEST_CASE(learns_a_new_size_when_a_block_is_resized_and_only_then) {
    measured<bump<>> arena;
    void* const older = arena.allocate({40, 8});
    void* const newest = arena.allocate({40, 64});
    BOOST_TEST(arena.resize(newest, {40, 64}, 100));
    BOOST_TEST(arena.usable_size(newest) == 100U);
    std::memset(newest, 1, 100);
    BOOST_TEST(arena.resize(newest, {100, 64}, 3));
    BOOST_TEST(arena.usable_size(newest) == 3U);
    BOOST_TEST(!arena.resize(older, {40, 8}, 41));
    BOOST_TEST(arena.usable_size(older) == 40U);
    BOOST_TEST(!arena.resize(newest, {3, 64}, SIZE_MAX));
    BOOST_TEST(!arena.resize(newest, {3, 64}, SIZE_MAX - 63)); // and the prefix: 0
    BOOST_TEST(arena.usable_size(newest) == 3U);

    measured<pool16<>> pool;
    void* const at = pool.allocate({10, 8});
    BOOST_TEST(pool.resize(at, {10, 8}, 16));
    std::memset(at, 1, 16);
    BOOST_TEST(pool.usable_size(at) == 16U);
    pool.deallocate(at, {16, 8});
}

BOOST_AUTO_TEST_CASE(asks_for_what_nobody_has_where_a_sum_is_not_representable) {
    measured<miser> policy;
    const auto asked_for = [&](layout want) {
        BOOST_TEST(policy.allocate(want) == nullptr);
        return miser::asked;
    };
    BOOST_TEST((asked_for({SIZE_MAX - 8, 1}) == layout{SIZE_MAX, 8}));
    BOOST_TEST((asked_for({SIZE_MAX - 7, 1}) == layout{SIZE_MAX, 8}));
    BOOST_TEST((asked_for({SIZE_MAX, 1}) == layout{SIZE_MAX, 8}));
    BOOST_TEST((asked_for({SIZE_MAX - 100, 128}) == layout{SIZE_MAX, 128}));
    BOOST_TEST((asked_for({any_align, any_align}) == layout{SIZE_MAX, any_align}));
    BOOST_TEST((asked_for({1, any_align}) == layout{any_align + 1, any_align}));
}

BOOST_AUTO_TEST_CASE(trims_its_upstream) {
    ledger book;
    measured<pool16<probe>> pool{book};
    pool.deallocate(pool.allocate({40, 8}), {40, 8});
    const std::size_t held = book.bytes();
    BOOST_TEST(held > 0U);
    BOOST_TEST(pool.trim() == held);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(measures_through_a_handle) {
    const global<measured<locked<pool16<>>>> everywhere;
    void* const at = everywhere.allocate({24, 8});
    BOOST_TEST(everywhere.usable_size(at) == 24U);
    everywhere.deallocate(at, {24, 8});
}

BOOST_AUTO_TEST_CASE(reports_a_wrong_size) {
    measured<bump<>> policy;
    void* const at = policy.allocate({24, 8});
    BOOST_TEST(test::dies([&] { policy.deallocate(at, {25, 8}); }));
    BOOST_TEST(test::dies([&] { policy.deallocate(at, {23, 8}); }));
    BOOST_TEST(test::dies([&] { static_cast<void>(policy.resize(at, {32, 8}, 8)); }));
    BOOST_TEST(!test::dies([&] { policy.deallocate(at, {24, 8}); }));
}

#if defined(ALLOY_HAS_ASAN)
BOOST_AUTO_TEST_CASE(lets_nobody_write_in_front_or_behind_and_nobody_release_twice) {
    measured<pool16<>> pool;
    static_cast<void>(pool.allocate({20, 8})); // a neighbour
    auto* const volatile at = static_cast<unsigned char*>(pool.allocate({20, 8}));
    BOOST_TEST(test::dies([&] { at[-1] = 1; }));
    BOOST_TEST(test::dies([&] { at[-8] = 1; }));
    BOOST_TEST(test::dies([&] { at[20] = 1; }));
    BOOST_TEST(!test::dies([&] { at[19] = 1; }));
    BOOST_TEST(pool.resize(at, {20, 8}, 22));
    BOOST_TEST(test::dies([&] { at[22] = 1; }));
    BOOST_TEST(!test::dies([&] { at[21] = 1; }));
    BOOST_TEST(!pool.resize(at, {22, 8}, 500));
    BOOST_TEST(test::dies([&] { at[22] = 1; }));
    pool.deallocate(at, {22, 8});
    BOOST_TEST(test::dies([&] { pool.deallocate(at, {22, 8}); }));
}
#endif
