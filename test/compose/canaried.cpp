// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp" // first: it reroutes ALLOY_ASSERT

#include <alloy/compose/canaried.hpp>

#include <alloy/adapt/vector.hpp>
#include <alloy/compose/checked.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/recording.hpp"
#include "support/rich.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <span>
#include <tuple>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;
using test::recording;
using test::rich;
using test::spoil;

static_assert(zeroing_policy<canaried<rich>> && !zeroing_policy<canaried<pool16<>>>);
static_assert(resizing_policy<canaried<bump<>>> && !resizing_policy<canaried<new_source>>);
static_assert(trimming_policy<canaried<pool16<>>> && !trimming_policy<canaried<new_source>>);
static_assert(!rounding_policy<canaried<pool16<>>>, "what was asked is what may be written");
static_assert(!owning_policy<canaried<buddy<>>> && !measuring_policy<canaried<rich>> &&
              !batching_policy<canaried<rich>>);
static_assert(!resettable_policy<canaried<bump<>>> && !marking_policy<canaried<bump<>>>);
static_assert(!thread_safe_v<canaried<new_source>> && thread_safe_v<locked<canaried<pool16<>>>>);
static_assert(!migratory_v<canaried<new_source>>, "another instance has another secret");
static_assert(zero_fresh_v<canaried<pages<>>> && !zero_fresh_v<canaried<new_source>>);
static_assert(canaried<freelist<layout{64, 16}>>::max_align == 16 &&
              canaried<freelist<layout{64, 16}>>::max_size == 48);
static_assert(outermost_guard_v<canaried<pool16<>>> == guard_rank::canary);
static_assert(!std::copy_constructible<canaried<pool16<>>> && !std::movable<canaried<pool16<>>>);
static_assert(std::constructible_from<canaried<probe>, ledger&> &&
              !std::convertible_to<ledger&, canaried<probe>>);

constinit canaried<pool16<>> before_main; // construction acquires nothing

namespace {

constexpr std::array<std::size_t, 8> sizes{1, 3, 8, 21, 40, 64, 100, 1000};
using upstreams = std::tuple<pool16<>, buddy<>, bump<>, new_source, freelist<layout{1088, 64}>>;

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    const recording now;
    ledger book;
    {
        canaried<probe> plain{book};
        test::conformance(plain, {300, 256});
        test::never_misaligned(plain);
        canaried<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
        canaried<bump<bump_options{}, probe>> arena{book};
        test::conformance(arena, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    rich::record record;
    canaried<rich> all{record};
    test::conformance(all, {200, 64});
    BOOST_TEST(record.live.empty());
    test::survives_every_failure<canaried<probe>>({200, 64});
    test::survives_every_failure<canaried<pool16<probe>>>({160, 64});
    test::never_misaligned(before_main);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tells_every_write_to_the_word_in_front_and_the_one_behind, Upstream,
                              upstreams) {
    const recording now;
    canaried<Upstream> policy;
    for (const std::size_t size : sizes) {
        for (const std::size_t align : {1U, 8U, 16U, 64U}) {
            const layout asked{size, align};
            if (align > canaried<Upstream>::max_align) { continue; }
            for (std::size_t i = 0; i < 16; ++i) {
                auto* const at = static_cast<std::byte*>(policy.allocate(asked));
                std::memset(at, 0x5A, size);
                std::byte* const wrong = i < 8 ? at - 1 - i : at + size + (i - 8);
                spoil(wrong, static_cast<std::byte>(1U << i % 8));
                policy.deallocate(at, asked);
                const misuse kind = i < 8 ? misuse::underflow : misuse::overflow;
                const incident what = recording::only(kind, at, asked);
                BOOST_TEST_REQUIRE(what.where == wrong);
                BOOST_TEST_REQUIRE((what.seed != 0 && what.policy.starts_with("canaried<")));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(tells_both_of_a_block_and_takes_it_back) {
    const recording now;
    ledger book;
    canaried<probe> policy{book};
    auto* const at = static_cast<std::byte*>(policy.allocate({24, 8}));
    spoil(at - 8);
    spoil(at + 31);
    policy.deallocate(at, {24, 8});
    BOOST_TEST_REQUIRE(recording::seen.size() == 2U);
    BOOST_TEST((recording::seen[0].kind == misuse::underflow));
    BOOST_TEST((recording::seen[1].kind == misuse::overflow));
    recording::seen.clear();
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(has_no_zero_in_a_canary_and_another_one_for_each_block) {
    ::setenv("ALLOY_SEED", "42", 1);
    canaried<new_source> policy;
    std::vector<std::byte*> all(200);
    std::vector<std::uint64_t> words;
    for (std::byte*& at : all) {
        at = static_cast<std::byte*>(policy.allocate({40, 8}));
        for (std::byte* const place : {at - 8, at + 40}) {
            std::uint64_t word = 0;
            for (int i = 7; i >= 0; --i) {
                const std::byte each = detail::read_kept(place + i);
                BOOST_TEST_REQUIRE(std::to_integer<int>(each) % 2 == 1); // not of a string's end
                word = word << 8U | std::to_integer<std::uint64_t>(each);
            }
            words.push_back(word);
        }
    }
    ::unsetenv("ALLOY_SEED");
    std::sort(words.begin(), words.end());
    const auto end = std::unique(words.begin(), words.end());
    BOOST_TEST(std::distance(words.begin(), end) == 200, "one a block");
    for (std::byte* const at : all) { policy.deallocate(at, {40, 8}); }
}

BOOST_AUTO_TEST_CASE(repeats_a_canary_with_its_seed_and_differs_without) {
    alignas(16) static std::array<std::byte, 256> bytes;
    const auto word = [] {
        canaried<buffer> policy{std::span(bytes)};
        auto* const at = static_cast<std::byte*>(policy.allocate({16, 8}));
        std::uint64_t found = 0;
        for (int i = 0; i < 8; ++i) {
            found = found << 8U | std::to_integer<std::uint64_t>(detail::read_kept(at - 8 + i));
        }
        policy.deallocate(at, {16, 8});
        return found;
    };
    ::unsetenv("ALLOY_SEED");
    const std::uint64_t one = word();
    BOOST_TEST(word() != one);
    ::setenv("ALLOY_SEED", "7", 1);
    const std::uint64_t seven = word();
    BOOST_TEST(word() == seven);
    ::setenv("ALLOY_SEED", "8", 1);
    BOOST_TEST(word() != seven);
    ::unsetenv("ALLOY_SEED");
}

BOOST_AUTO_TEST_CASE(moves_the_canary_behind_a_block_that_is_resized) {
    const recording now;
    canaried<bump<>> arena;
    void* const older = arena.allocate({40, 8});
    auto* const at = static_cast<std::byte*>(arena.allocate({40, 64}));
    BOOST_TEST(arena.resize(at, {40, 64}, 100));
    std::memset(at, 1, 100);
    BOOST_TEST(arena.resize(at, {100, 64}, 3));
    BOOST_TEST(!arena.resize(older, {40, 8}, 41));
    BOOST_TEST(!arena.resize(at, {3, 64}, SIZE_MAX));
    BOOST_TEST(!arena.resize(at, {3, 64}, SIZE_MAX - 71));
    spoil(at + 3);
    BOOST_TEST(!arena.resize(at, {3, 64}, SIZE_MAX));
    recording::only(misuse::overflow, at, {3, 64});
    arena.deallocate(at, {3, 64}); // sealed again: nothing more is told
    arena.deallocate(older, {40, 8});

    alloy::vector<int, ref<canaried<bump<>>>> numbers(arena);
    for (int i = 0; i < 1'000; ++i) { numbers.push_back(i); }
    BOOST_TEST(numbers[999] == 999);
}

BOOST_AUTO_TEST_CASE(takes_another_size_for_an_overflow) {
    const recording now;
    canaried<pool16<>> pool;
    void* const at = pool.allocate({24, 8});
    std::memset(at, 0, 24);
    pool.deallocate(at, {23, 8});
    recording::only(misuse::overflow, at, {23, 8});
}

BOOST_AUTO_TEST_CASE(asks_upstream_for_two_words_and_what_keeps_the_block_aligned) {
    ledger book;
    canaried<probe> policy{book};
    for (std::size_t align = 1; align <= 4096; align *= 2) {
        void* const at = policy.allocate({100, align});
        BOOST_TEST_REQUIRE(book.live.size() == 1U);
        BOOST_TEST(
            (book.live.begin()->second == layout{std::max<std::size_t>(align, 8) + 108, align}));
        policy.deallocate(at, {100, align});
    }
    for (const std::size_t size : {SIZE_MAX, SIZE_MAX - 8, SIZE_MAX - 15}) {
        BOOST_TEST(policy.allocate({size, 8}) == nullptr);
    }
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(lets_nobody_write_in_front_or_behind_and_nobody_release_twice) {
    canaried<pool16<>> pool;
    static_cast<void>(pool.allocate({20, 8})); // a neighbour
    auto* const volatile at = static_cast<unsigned char*>(pool.allocate({20, 8}));
    BOOST_TEST(test::dies([&] { at[-1] = 1; }));
    BOOST_TEST(test::dies([&] { at[-8] = 1; }));
    BOOST_TEST(test::dies([&] { at[20] = 1; }));
    BOOST_TEST(!test::dies([&] { at[19] = 1; }));
    pool.deallocate(at, {20, 8});
    BOOST_TEST(test::dies([&] { pool.deallocate(at, {20, 8}); }));
}
#endif
