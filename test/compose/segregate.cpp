// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/segregate.hpp>

#include <alloy/compose/locked.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/null.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace alloy::test { // not unnamed: GCC warns of a header's type with such a base

/// Remembers what it was asked and hands out one byte; one type a number.
template <int Which, std::size_t Align = any_align>
struct witness {
    static constexpr std::size_t max_align = Align;
    static inline std::vector<layout> asked;
    static inline std::vector<layout> returned;
    static inline std::byte block{};

    static void* allocate(layout want) noexcept {
        asked.push_back(want);
        return &block;
    }
    static void deallocate(void* at, layout given) noexcept {
        BOOST_TEST(at == &block);
        returned.push_back(given);
    }
};

/// Rounds to a number of bytes, up to `Largest`, and has nothing.
template <std::size_t Step, std::size_t Largest = any_size / 2>
struct rounding {
    static constexpr std::size_t max_align = 4096;
    static constexpr std::size_t max_size = Largest;
    static void* allocate(layout /*want*/) noexcept { return nullptr; }
    static void deallocate(void* /*at*/, layout /*given*/) noexcept {}
    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept {
        if (want.size > Largest) { return want.size; }
        const std::size_t good = (want.size + Step - 1) / Step * Step;
        return good > Largest ? want.size : good;
    }
};

/// Has a lock that shows whether it is held; one a number.
template <int Which>
struct gate : new_source {
    static inline bool held = false;
    static void lock() noexcept { held = true; }
    static bool try_lock() noexcept { return !std::exchange(held, true); }
    static void unlock() noexcept { held = false; }
};

template <class Small, class Middle, class Large>
using three = segregate<tier<layout{64, 16}, Small>, tier<layout{512, 64}, Middle>, Large>;
template <class Small, class Large>
using two = segregate<tier<layout{64, 16}, Small>, Large>;

using seen = three<witness<0>, witness<1>, witness<2>>;
using list = freelist<layout{64, 16}>;

/// Three policies of one probe.
struct probed : three<freelist<layout{64, 16}, probe>, pool16<probe>, probe> {
    explicit probed(ledger& book)
        : segregate(std::piecewise_construct, std::tie(book), std::tie(book), std::tie(book)) {}
};

/// Three rich policies of one record each.
struct wealthy : three<rich, rich, rich> {
    explicit wealthy(std::array<rich::record, 3>& of)
        : segregate(std::piecewise_construct, std::tie(of[0]), std::tie(of[1]), std::tie(of[2])) {}
};

} // namespace alloy::test

using namespace alloy;
using namespace alloy::test;

static_assert(policy<seen> && rounding_policy<seen>, "what it answers is clamped");
static_assert(!resizing_policy<seen> && !batching_policy<seen> && !zeroing_policy<seen> &&
              !owning_policy<seen> && !trimming_policy<seen> && !resettable_policy<seen> &&
              !marking_policy<seen> && !measuring_policy<seen> && !lockable_policy<seen>);

// One of them is enough:
static_assert(resizing_policy<two<pool16<>, new_source>> &&
              resizing_policy<two<new_source, pool16<>>>);
static_assert(zeroing_policy<two<malloc_source, new_source>> &&
              zeroing_policy<three<new_source, new_source, malloc_source>>);
static_assert(trimming_policy<two<pool16<>, new_source>> &&
              trimming_policy<three<new_source, pool16<>, new_source>>);
static_assert(lockable_policy<two<locked<pool16<>>, new_source>> &&
              lockable_policy<three<new_source, new_source, locked<pool16<>>>>);
static_assert(batching_policy<two<list, new_source>> && batching_policy<two<new_source, list>> &&
              !batching_policy<two<new_source, new_source>>);

// It takes all of them:
static_assert(owning_policy<two<buffer, null_source>> && !owning_policy<two<buffer, new_source>> &&
              !owning_policy<two<new_source, buffer>>);
static_assert(resettable_policy<two<bump<>, bump<>>> && !resettable_policy<two<bump<>, list>> &&
              !resettable_policy<two<list, bump<>>>);
static_assert(!marking_policy<two<bump<>, bump<>>>);
static_assert(thread_safe_v<two<locked<list>, new_source>> &&
              !thread_safe_v<two<list, new_source>> && !thread_safe_v<two<new_source, list>>);
static_assert(migratory_v<two<new_source, malloc_source>> && !migratory_v<two<list, new_source>> &&
              !migratory_v<two<new_source, list>>);
static_assert(zero_fresh_v<two<pages<>, pages<>>> && !zero_fresh_v<two<new_source, pages<>>> &&
              !zero_fresh_v<two<pages<>, new_source>>);

// Who is alone says so, and the others may be anywhere:
using alone = single_threaded<pool16<>>;
static_assert(single_threaded_v<two<alone, new_source>> &&
              single_threaded_v<three<new_source, alone, alone>>);
static_assert(!single_threaded_v<two<alone, pool16<>>> &&
              !single_threaded_v<two<pool16<>, alone>> &&
              !single_threaded_v<two<new_source, new_source>>);

static_assert(seen::max_align == any_align);
static_assert(two<new_source, list>::max_align == 16 && two<new_source, rich>::max_align == 256 &&
                  three<rich, rich, list>::max_align == 64,
              "a tier serves up to its limit, however strongly its policy could align");
static_assert(two<new_source, null_source>::max_align == 16, "who serves nothing aligns nothing");
static_assert(max_size_v<two<new_source, null_source>> == 64 &&
              max_size_v<two<rounding<1, 32>, null_source>> == 32 &&
              max_size_v<two<new_source, pages<>>> == max_size_v<pages<>>);

static_assert(std::is_empty_v<two<new_source, new_source>>);
static_assert(sizeof(two<pool16<>, new_source>) == sizeof(pool16<>));
static_assert(!std::copy_constructible<seen> && !std::movable<seen> && !handle_policy<seen>);
static_assert(std::default_initializable<two<pool16<>, new_source>> &&
              !std::default_initializable<two<probe, new_source>> &&
              !std::default_initializable<two<new_source, probe>>);
static_assert(
    !std::constructible_from<two<probe, probe>, std::piecewise_construct_t, std::tuple<ledger&>>,
    "a tuple for each");

constinit three<freelist<layout{64, 16}>, pool16<>, new_source> before_main;

namespace {

/// What the tiers answer is a constant for a constant.
template <class P>
constexpr std::size_t good(std::size_t size, std::size_t align = 8) {
    return P{}.good_size({size, align});
}
static_assert(good<three<rounding<48>, rounding<100>, rounding<1000>>>(1) == 48);
static_assert(good<three<rounding<48>, rounding<100>, rounding<1000>>>(49) == 64, "not 96");
static_assert(good<three<rounding<48>, rounding<100>, rounding<1000>>>(65) == 100);
static_assert(good<three<rounding<48>, rounding<100>, rounding<1000>>>(1, 32) == 100);
static_assert(good<three<rounding<48>, rounding<100>, rounding<1000>>>(501) == 512, "not 600");
static_assert(good<three<rounding<48>, rounding<100>, rounding<1000>>>(513) == 1'000);
static_assert(good<three<rounding<48>, rounding<100>, rounding<1000>>>(1, 128) == 1'000);

template <class... P>
void forget() {
    ((P::asked.clear(), P::returned.clear()), ...);
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        probed policy{book};
        test::conformance(policy, {800, 256});
        BOOST_TEST(policy.trim() != 0U);
        BOOST_TEST(book.live.empty());
    }
    test::survives_every_failure<probed>({800, 128});
    std::array<rich::record, 3> records;
    wealthy all{records};
    test::conformance(all, {800, 256});
    for (const rich::record& each : records) { BOOST_TEST(each.live.empty()); }
    test::conformance(before_main, {800, 256});
}

BOOST_AUTO_TEST_CASE(never_misaligns) { test::never_misaligned(before_main); }

BOOST_AUTO_TEST_CASE(answers_a_closure_for_each_alignment_whatever_the_tiers_round_to) {
    test::good_size_laws(three<rounding<48>, rounding<100>, rounding<1000>>{}, {2'500, 256});
    test::good_size_laws(three<rounding<1000>, rounding<7>, rounding<3>>{}, {2'500, 256});
    test::good_size_laws(
        segregate<tier<layout{100, 64}, rounding<64>>, tier<layout{300, 8}, rounding<128>>,
                  tier<layout{1'000, 32}, rounding<256>>, rounding<4096>>{},
        {5'000, 256}); // the limits' alignments fall and rise
    test::good_size_laws(two<rounding<48, 50>, rounding<96, 1'000>>{}, {2'500, 256});
}

BOOST_AUTO_TEST_CASE(sends_each_request_to_the_first_tier_that_it_fits_in) {
    seen policy;
    const auto sends = [&](layout want, auto to) {
        forget<witness<0>, witness<1>, witness<2>>();
        policy.deallocate(policy.allocate(want), want);
        BOOST_TEST((to.asked == std::vector{want}));
        BOOST_TEST((to.returned == std::vector{want}));
        BOOST_TEST(witness<0>::asked.size() + witness<1>::asked.size() + witness<2>::asked.size() ==
                   1U);
    };
    sends({1, 1}, witness<0>{});
    sends({64, 16}, witness<0>{});
    sends({65, 1}, witness<1>{});
    sends({1, 32}, witness<1>{});
    sends({512, 64}, witness<1>{});
    sends({513, 1}, witness<2>{});
    sends({1, 128}, witness<2>{});
    sends({any_size, any_align}, witness<2>{});
}

BOOST_AUTO_TEST_CASE(takes_a_block_back_through_the_door_that_it_left_by) {
    std::array<rich::record, 3> records;
    wealthy policy{records}; // rounds to 32 bytes, and looks at what comes back
    for (const std::size_t align : {1U, 16U, 32U, 64U, 128U}) {
        for (std::size_t size = 1; size <= 700; size += 13) {
            const std::size_t most = policy.good_size({size, align});
            for (std::size_t given = size; given <= most; ++given) {
                void* const at = policy.allocate({size, align});
                policy.deallocate(at, {given, align});
            }
        }
    }
    for (const rich::record& each : records) { BOOST_TEST(each.live.empty()); }
}

BOOST_AUTO_TEST_CASE(answers_null_for_what_the_last_policy_lacks) {
    two<new_source, null_source> bounded;
    void* const at = bounded.allocate({64, 16});
    BOOST_TEST(at != nullptr);
    BOOST_TEST(bounded.allocate({65, 16}) == nullptr);
    BOOST_TEST(bounded.allocate({64, 32}) == nullptr);
    bounded.deallocate(at, {64, 16});
}

BOOST_AUTO_TEST_CASE(resizes_within_a_tier_and_never_across) {
    std::array<rich::record, 3> records;
    wealthy policy{records};
    const auto resizes = [&](layout want, std::size_t size) {
        void* const at = policy.allocate(want);
        const bool done = policy.resize(at, want, size);
        policy.deallocate(at, done ? layout{size, want.align} : want);
        return done;
    };
    BOOST_TEST(resizes({20, 8}, 64));
    BOOST_TEST(!resizes({20, 8}, 65));
    BOOST_TEST(resizes({65, 8}, 300));
    BOOST_TEST(resizes({300, 8}, 65));
    BOOST_TEST(!resizes({65, 8}, 64));
    BOOST_TEST(resizes({65, 32}, 1)); // too strong an alignment for the first tier
    BOOST_TEST(!resizes({512, 8}, 513));
    BOOST_TEST(!resizes({513, 8}, 512));
    BOOST_TEST(!resizes({513, 8}, 64));
    BOOST_TEST(resizes({513, 8}, 2'000));
    BOOST_TEST(!resizes({513, 8}, 200'000));

    two<pool16<>, new_source> rigid;
    void* const at = rigid.allocate({100, 8});
    BOOST_TEST(!rigid.resize(at, {100, 8}, 101));
    rigid.deallocate(at, {100, 8});
}

BOOST_AUTO_TEST_CASE(takes_and_returns_batches_of_one_tier) {
    std::array<rich::record, 3> records;
    wealthy policy{records};
    std::array<void*, 4> out{};
    for (std::size_t tier = 0; tier < 3; ++tier) {
        const layout want{std::array<std::size_t, 3>{10, 100, 1'000}.at(tier), 8};
        BOOST_TEST(policy.allocate_batch(want, out.data(), out.size()) == 4U);
        BOOST_TEST(records.at(tier).live.size() == 4U);
        policy.deallocate_batch(out.data(), out.size(), want);
        BOOST_TEST(records.at(tier).live.empty());
    }
}

BOOST_AUTO_TEST_CASE(makes_a_batch_one_by_one_where_a_tier_knows_none) {
    rich::record record;
    struct : two<rich, new_source> {
        using two<rich, new_source>::segregate;
    } policy{std::piecewise_construct, std::tie(record), std::tuple{}};
    std::array<void*, 3> out{};
    for (const layout want : {layout{10, 8}, layout{1'000, 8}}) {
        BOOST_TEST(policy.allocate_batch(want, out.data(), out.size()) == 3U);
        BOOST_TEST(record.live.size() == (want.size == 10 ? 3U : 0U));
        policy.deallocate_batch(out.data(), out.size(), want);
        BOOST_TEST(record.live.empty());
    }
}

BOOST_AUTO_TEST_CASE(zeroes_by_the_way_of_each_tier) {
    rich::record record;
    struct : two<rich, new_source> {
        using two<rich, new_source>::segregate;
    } policy{std::piecewise_construct, std::tie(record), std::tuple{}};
    for (const std::size_t size : {33U, 1'000U}) {
        for (int round = 0; round < 3; ++round) {
            auto* const at = static_cast<unsigned char*>(policy.allocate_zeroed({size, 8}));
            const std::size_t good = policy.good_size({size, 8});
            BOOST_TEST((at[0] == 0 && std::memcmp(at, at + 1, good - 1) == 0));
            std::memset(at, 1, good);
            policy.deallocate(at, {size, 8});
        }
    }
    BOOST_TEST(record.zeroings == 3U);
    BOOST_TEST((two<malloc_source, null_source>{}.allocate_zeroed({65, 8}) == nullptr));
}

BOOST_AUTO_TEST_CASE(owns_the_blocks_of_every_tier) {
    std::array<rich::record, 3> records;
    wealthy policy{records};
    const int other = 0;
    BOOST_TEST(!policy.owns(&other));
    for (const std::size_t size : {10U, 100U, 1'000U}) {
        void* const at = policy.allocate({size, 8});
        BOOST_TEST(policy.owns(at));
        policy.deallocate(at, {size, 8});
        BOOST_TEST(!policy.owns(at));
    }
}

BOOST_AUTO_TEST_CASE(ends_the_blocks_of_every_tier_when_it_is_reset) {
    three<bump<>, bump<>, bump<>> arenas;
    std::array<void*, 3> first{};
    for (int round = 0; round < 3; ++round) {
        for (std::size_t tier = 0; tier < 3; ++tier) {
            void* const at =
                arenas.allocate({std::array<std::size_t, 3>{10, 100, 1'000}.at(tier), 8});
            if (round == 0) { first.at(tier) = at; }
            BOOST_TEST(at == first.at(tier));
        }
        arenas.reset();
    }
}

BOOST_AUTO_TEST_CASE(trims_every_tier_that_can) {
    ledger book;
    probed policy{book};
    for (const std::size_t size : {64U, 100U, 1'000U}) {
        policy.deallocate(policy.allocate({size, 8}), {size, 8});
    }
    const std::size_t held = book.bytes();
    BOOST_TEST(book.live.size() == 2U);
    BOOST_TEST(policy.trim() == held);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(policy.trim() == 0U);
}

BOOST_AUTO_TEST_CASE(locks_all_or_none) {
    two<gate<0>, gate<1>> policy;
    bool& first = gate<0>::held;
    bool& second = gate<1>::held;
    policy.lock();
    BOOST_TEST((first && second));
    BOOST_TEST(!policy.try_lock());
    policy.unlock();
    BOOST_TEST((!first && !second));
    BOOST_TEST(policy.try_lock());
    BOOST_TEST((first && second));
    policy.unlock();
    first = true;
    BOOST_TEST(!policy.try_lock());
    BOOST_TEST((first && !second));
    first = false;
    second = true;
    BOOST_TEST(!policy.try_lock());
    BOOST_TEST((!first && second));
    second = false;

    two<gate<0>, new_source> half;
    BOOST_TEST((half.try_lock() && first));
    half.unlock();
    BOOST_TEST(!first);
    two<new_source, gate<1>> other_half;
    other_half.lock();
    BOOST_TEST((second && !other_half.try_lock()));
    other_half.unlock();
    BOOST_TEST(!second);
}

BOOST_AUTO_TEST_CASE(makes_each_policy_of_the_tuple_in_its_turn) {
    ledger small;
    ledger large;
    std::array<std::byte, 1'024> bytes{};
    three<probe, buffer, probe> policy(std::piecewise_construct, std::tie(small),
                                       std::tuple{std::span{bytes}}, std::tie(large));
    void* const a = policy.allocate({10, 8});
    void* const b = policy.allocate({100, 8});
    void* const c = policy.allocate({1'000, 8});
    BOOST_TEST((small.live.size() == 1U && small.live.count(a) == 1U));
    BOOST_TEST((b >= bytes.data() && b < bytes.data() + bytes.size()));
    BOOST_TEST((large.live.size() == 1U && large.live.count(c) == 1U));
    policy.deallocate(a, {10, 8});
    policy.deallocate(b, {100, 8});
    policy.deallocate(c, {1'000, 8});
}

BOOST_AUTO_TEST_CASE(serves_every_thread_where_each_of_its_policies_does) {
    const global<two<locked<pool16<>>, new_source>> everywhere;
    std::array<std::thread, 3> threads;
    for (std::thread& each : threads) {
        each = std::thread([&] {
            for (std::size_t i = 0; i < 2'000; ++i) {
                const layout want{1 + i % 128, 8};
                void* const at = everywhere.allocate(want);
                std::memset(at, 1, want.size);
                everywhere.deallocate(at, want);
            }
        });
    }
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(everywhere.good_size({60, 8}) == 64U);
}
