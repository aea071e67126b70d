// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/checked.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/fallback.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/lock_free_buddy.hpp>
#include <alloy/policy/lock_free_pool.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/policy/slab.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>

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
#include <map>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;
using test::recording;
using test::rich;
using test::spoil;

static_assert(owning_policy<checked<pool16<>>> && measuring_policy<checked<pool16<>>>);
static_assert(trimming_policy<checked<pool16<>>> && trimming_policy<checked<new_source>>);
static_assert(zeroing_policy<checked<rich>> && !zeroing_policy<checked<pool16<>>>);
static_assert(!rounding_policy<checked<pool16<>>>, "every other size is wrong");
static_assert(!resizing_policy<checked<bump<>>> && !batching_policy<checked<rich>>);
static_assert(!resettable_policy<checked<bump<>>> && !marking_policy<checked<bump<>>>);
static_assert(!thread_safe_v<checked<new_source>> && thread_safe_v<locked<checked<pool16<>>>>);
static_assert(!migratory_v<checked<new_source>>, "another instance has no record of a block");
static_assert(zero_fresh_v<checked<pages<>>> && !zero_fresh_v<checked<new_source>>);
static_assert(checked<freelist<layout{64, 16}>>::max_align == 16 &&
              checked<freelist<layout{64, 16}>>::max_size == 32);
static_assert(!std::copy_constructible<checked<pool16<>>> && !std::movable<checked<pool16<>>>);
static_assert(std::constructible_from<checked<probe>, ledger&> &&
              !std::convertible_to<ledger&, checked<probe>>);

constinit checked<pool16<>> before_main; // construction acquires nothing

namespace {

std::byte* byte_of(void* at, std::ptrdiff_t offset) { return static_cast<std::byte*>(at) + offset; }

constexpr std::array<std::size_t, 9> sizes{1, 3, 8, 24, 40, 64, 100, 1000, 5000};

template <policy P>
void* filled(P& p, layout want) {
    void* const at = p.allocate(want);
    BOOST_TEST_REQUIRE(at != nullptr);
    std::memset(at, 0x5A, want.size);
    return at;
}

/// True if the block counts as live.
template <class P>
bool is_live(const P& policy, const void* at) {
    bool found = false;
    policy.for_each_live([&](const void* each, layout /*asked*/) { found = found || each == at; });
    return found;
}

using upstreams =
    std::tuple<pool16<>, freelist<layout{8'192, 64}>, bitmap<layout{64, 16}>, buddy<>, bump<>,
               slab<>, growing_lock_free_pool<layout{8'192, 64}>, lock_free_buddy<>, new_source>;

/// Calls `plant(policy, at, asked)` for a block of every size and alignment, between two others,
/// one upstream for all; then all are released, and nothing more is reported.
template <class Upstream, class Plant>
void for_each_block(Plant plant) {
    const recording record;
    checked<Upstream> policy;
    for (const std::size_t size : sizes) {
        for (const std::size_t align : {1U, 8U, 16U}) {
            BOOST_TEST_CONTEXT(size << " bytes aligned to " << align) {
                const layout asked{size, align};
                void* const older = filled(policy, asked);
                void* const at = filled(policy, asked);
                void* const newer = filled(policy, asked);
                plant(policy, at, asked);
                BOOST_TEST_REQUIRE(recording::quiet());
                if (is_live(policy, at)) { policy.deallocate(at, asked); }
                policy.deallocate(older, asked);
                policy.deallocate(newer, asked);
            }
        }
    }
    BOOST_TEST(policy.verify() == 0U);
    policy.trim();
}

/// Serves nothing, and keeps what was asked.
struct miser {
    static inline layout asked{};
    static constexpr std::size_t max_align = any_align;
    [[nodiscard]] static void* allocate(layout want) noexcept {
        asked = want;
        return nullptr;
    }
    static void deallocate(void* /*at*/, layout /*given*/) noexcept {}
};

/// Memory for tables, while there is some.
struct rationed {
    static constexpr std::size_t max_align = alignof(std::max_align_t);
    static inline int budget = 0;
    static inline int out = 0;
    [[nodiscard]] static void* allocate(layout want) noexcept {
        if (budget == 0) { return nullptr; }
        --budget;
        ++out;
        return new_source::allocate(want);
    }
    static void deallocate(void* at, layout given) noexcept {
        --out;
        new_source::deallocate(at, given);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    const recording record;
    ledger book;
    {
        checked<probe> plain{book};
        test::conformance(plain, {300, 256});
        checked<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
        checked<bitmap<layout{64, 16}, probe>> bits{book};
        test::conformance(bits, {300, 16});
        checked<bump<bump_options{}, probe>> arena{book};
        test::conformance(arena, {200, 64});
        checked<buddy<>> tree;
        test::conformance(tree, {300, 64});
    }
    BOOST_TEST(book.live.empty());
    rich::record blocks;
    {
        checked<rich> policy{blocks};
        test::conformance(policy, {200, 64});
    }
    BOOST_TEST(blocks.live.empty());
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    const recording record;
    test::survives_every_failure<checked<probe>>({200, 64}, 100);
    test::survives_every_failure<checked<pool16<probe>>>({160, 64});
    test::survives_every_failure<checked<bump<bump_options{}, probe>>>({160, 64});
    test::survives_every_failure<checked<bitmap<layout{64, 16}, probe>>>({300, 16});
}

BOOST_AUTO_TEST_CASE(is_as_before_when_there_is_no_room_for_a_record) {
    const recording record;
    ledger book;
    {
        checked<probe, checked_options{}, rationed> policy{book};
        rationed::budget = 0;
        BOOST_TEST(policy.allocate({8, 8}) == nullptr);
        BOOST_TEST(book.live.empty());
        rationed::budget = 1;
        std::vector<void*> live;
        while (void* const at = policy.allocate({8, 8})) { live.push_back(at); }
        BOOST_TEST(live.size() > 64U);
        BOOST_TEST(book.live.size() == live.size());
        for (void* const at : live) { BOOST_TEST(policy.owns(at)); }
        rationed::budget = 1;
        live.push_back(filled(policy, {8, 8}));
        BOOST_TEST(rationed::out == 2);
        for (void* const at : live) { policy.deallocate(at, {8, 8}); }
        BOOST_TEST(policy.verify() == 0U);
    }
    BOOST_TEST(book.live.empty());
    BOOST_TEST(rationed::out == 0);
}

BOOST_AUTO_TEST_CASE(takes_no_room_for_a_record_of_a_block_that_is_refused) {
    const recording record;
    ledger book{.budget = 0};
    checked<probe, checked_options{}, rationed> policy{book};
    rationed::budget = 1;
    BOOST_TEST(policy.allocate({8, 8}) == nullptr);
    BOOST_TEST(rationed::out == 0);
    book.budget = 1;
    policy.deallocate(filled(policy, {8, 8}), {8, 8});
    BOOST_TEST(rationed::out == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(reports_nothing_of_a_clean_program, Upstream, upstreams) {
    const recording record;
    checked<Upstream, checked_options{.quarantine = 20'000}> policy;
    test::churn<decltype(policy)> test(policy, {200, 16}, 42);
    for (int step = 0; step < 40'000; ++step) {
        test.step();
        BOOST_TEST_REQUIRE(policy.quarantined() <= 20'000U);
    }
    BOOST_TEST(policy.verify() == 0U);
    BOOST_TEST(policy.quarantined() > 10'000U);
    test.finish();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tells_a_double_release, Upstream, upstreams) {
    for_each_block<Upstream>([](auto& policy, void* at, layout asked) {
        policy.deallocate(at, asked);
        BOOST_TEST(!is_live(policy, at));
        for (const layout said : {asked, layout{asked.size + 1, asked.align}}) {
            policy.deallocate(at, said);
            const incident what = recording::only(misuse::double_release, at, asked);
            BOOST_TEST((what.said == said && what.where == nullptr && what.seed != 0));
        }
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tells_a_foreign_release, Upstream, upstreams) {
    for_each_block<Upstream>([](auto& policy, void* at, layout asked) {
        int local = 0;
        const auto wild = reinterpret_cast<void*>(std::uintptr_t{0xDEAD0000});
        const auto edge = static_cast<std::ptrdiff_t>(asked.size);
        for (void* const other :
             {static_cast<void*>(&local), static_cast<void*>(nullptr), wild,
              static_cast<void*>(byte_of(at, edge)), static_cast<void*>(byte_of(at, edge / 2 + 1)),
              static_cast<void*>(byte_of(at, -1)), static_cast<void*>(byte_of(at, -16))}) {
            policy.deallocate(other, asked);
            const incident what = recording::only(misuse::foreign_release, other, {0, 1});
            BOOST_TEST((what.said == asked && what.seed != 0));
        }
        BOOST_TEST(is_live(policy, at));
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tells_a_wrong_size_and_alignment, Upstream, upstreams) {
    for_each_block<Upstream>([](auto& policy, void* at, layout asked) {
        for (const std::size_t size : {asked.size - 1, asked.size + 1, 2 * asked.size, SIZE_MAX}) {
            for (const std::size_t align : {asked.align, 2 * asked.align}) {
                policy.deallocate(at, {size, align});
                const incident what = recording::only(misuse::wrong_size, at, asked);
                BOOST_TEST((what.said == layout{size, align} && what.seed != 0));
            }
        }
        for (const std::size_t align : {asked.align / 2, asked.align * 2, any_align}) {
            policy.deallocate(at, {asked.size, align});
            const incident what = recording::only(misuse::wrong_align, at, asked);
            BOOST_TEST((what.said == layout{asked.size, align}));
        }
        BOOST_TEST(is_live(policy, at)); // nothing has changed
        BOOST_TEST((*byte_of(at, 0) == std::byte{0x5A}));
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tells_an_overflow_and_an_underflow_when_a_block_comes_back, Upstream,
                              upstreams) {
    for (const std::ptrdiff_t beyond : {0, 1, 7, 15}) {
        for_each_block<Upstream>([beyond](auto& policy, void* at, layout asked) {
            std::byte* const wrong = byte_of(at, static_cast<std::ptrdiff_t>(asked.size) + beyond);
            spoil(wrong);
            policy.deallocate(at, asked);
            const incident what = recording::only(misuse::overflow, at, asked);
            BOOST_TEST((what.where == wrong && what.said.size == 0 && what.seed != 0));
            BOOST_TEST(!is_live(policy, at)); // it was right to release it
        });
        for_each_block<Upstream>([beyond](auto& policy, void* at, layout asked) {
            std::byte* const wrong = byte_of(at, -1 - beyond);
            spoil(wrong);
            policy.deallocate(at, asked);
            const incident what = recording::only(misuse::underflow, at, asked);
            BOOST_TEST((what.where == wrong && what.said.size == 0 && what.seed != 0));
        });
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tells_a_write_after_release_in_every_way_out, Upstream, upstreams) {
    const auto first_middle_last = [](void* at, layout asked) {
        return std::array{byte_of(at, 0), byte_of(at, static_cast<std::ptrdiff_t>(asked.size / 2)),
                          byte_of(at, static_cast<std::ptrdiff_t>(asked.size) - 1)};
    };
    for_each_block<Upstream>([&](auto& policy, void* at, layout asked) {
        policy.deallocate(at, asked);
        for (std::byte* const wrong : first_middle_last(at, asked)) {
            spoil(wrong);
            BOOST_TEST(policy.verify() == 1U);
            const incident what = recording::only(misuse::write_after_release, at, asked);
            BOOST_TEST((what.where == wrong && what.seed != 0));
            BOOST_TEST(policy.verify() == 0U); // not twice
        }
    });
    for_each_block<Upstream>([&](auto& policy, void* at, layout asked) {
        policy.deallocate(at, asked);
        spoil(first_middle_last(at, asked)[2]);
        policy.trim();
        recording::only(misuse::write_after_release, at, asked);
    });
    for_each_block<Upstream>([&](auto& /*policy*/, void* /*at*/, layout asked) {
        std::optional<checked<Upstream>> other;
        other.emplace();
        void* const at = filled(*other, asked);
        other->deallocate(at, asked);
        spoil(first_middle_last(at, asked)[1]);
        other.reset();
        recording::only(misuse::write_after_release, at, asked);
    });
    for_each_block<Upstream>([&](auto& /*policy*/, void* /*at*/, layout asked) {
        checked<Upstream, checked_options{.quarantine = 16'384}> other;
        void* const at = filled(other, asked);
        other.deallocate(at, asked);
        spoil(first_middle_last(at, asked)[0]);
        while (recording::quiet()) { other.deallocate(filled(other, asked), asked); }
        recording::only(misuse::write_after_release, at, asked);
    });
}

BOOST_AUTO_TEST_CASE(watches_every_byte_that_is_not_the_callers) {
    const recording record;
    rich::record book;
    checked<rich, checked_options{.redzone = 5}> policy{book};
    for (const std::size_t align : {1U, 2U, 8U, 64U}) {
        const layout asked{27, align};
        void* const at = filled(policy, asked);
        const std::size_t front = align == 1 ? 5 : align == 2 ? 6 : align == 8 ? 8 : 64;
        BOOST_TEST((book.last == layout{front + 27 + 5, align}));
        const std::size_t whole = rich::good_size(book.last);
        for (std::size_t i = 0; i < whole; ++i) {
            std::byte* const each =
                byte_of(at, static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(front));
            const bool own = i >= front && i < front + 27;
            spoil(each);
            BOOST_TEST(policy.verify() == (own ? 0U : 1U));
            if (own) { continue; }
            const misuse kind = i < front ? misuse::underflow : misuse::overflow;
            BOOST_TEST(recording::only(kind, at, asked).where == each);
            BOOST_TEST(policy.verify() == 0U); // not twice
        }
        policy.deallocate(at, asked);
        for (std::size_t i = 0; i < whole; ++i) { // now none is
            spoil(byte_of(at, static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(front)));
            BOOST_TEST(policy.verify() == 1U);
            recording::only(misuse::write_after_release, at, asked);
        }
    }
    policy.trim();
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(tells_the_zero_that_ends_a_string_one_byte_too_far) {
    const recording record;
    checked<pool16<>> policy;
    for (int i = 0; i < 2000; ++i) { // whatever the byte was
        void* const at = filled(policy, {24, 8});
        detail::write_kept(byte_of(at, 24), std::byte{});
        policy.deallocate(at, {24, 8});
        recording::only(misuse::overflow, at, {24, 8});
    }
}

BOOST_AUTO_TEST_CASE(reports_both_ends_of_a_block_and_counts_all_that_it_finds) {
    const recording record;
    checked<pool16<>> policy;
    void* const at = filled(policy, {10, 8});
    void* const gone = filled(policy, {10, 8});
    policy.deallocate(gone, {10, 8});
    spoil(byte_of(at, -1));
    spoil(byte_of(at, 10));
    spoil(byte_of(gone, 3));
    BOOST_TEST(policy.verify() == 3U);
    std::array<misuse, 3> kinds{};
    for (std::size_t i = 0; i < 3; ++i) { kinds[i] = recording::seen.at(i).kind; }
    std::sort(kinds.begin(), kinds.end());
    BOOST_TEST(
        (kinds == std::array{misuse::overflow, misuse::underflow, misuse::write_after_release}));
    recording::seen.clear();
    policy.deallocate(at, {10, 8});
}

BOOST_AUTO_TEST_CASE(watches_what_upstream_rounds_up_where_there_is_no_redzone) {
    const recording record;
    rich::record book;
    {
        checked<rich, checked_options{.redzone = 0}> policy{book};
        void* const at = filled(policy, {27, 8});
        BOOST_TEST((book.last == layout{27, 8}));
        BOOST_TEST(book.live.contains(at));
        spoil(byte_of(at, 27));
        policy.deallocate(at, {27, 8});
        recording::only(misuse::overflow, at, {27, 8});
        void* const full = filled(policy, {32, 8});
        policy.deallocate(full, {32, 8});
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(holds_released_blocks_back_in_order_up_to_a_bound_in_bytes) {
    const recording record;
    ledger book;
    {
        checked<probe, checked_options{.redzone = 16, .quarantine = 1000}> policy{book};
        std::vector<void*> blocks;
        for (int i = 0; i < 12; ++i) { blocks.push_back(filled(policy, {68, 4})); }
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            policy.deallocate(blocks[i], {68, 4});
            const std::size_t held = std::min<std::size_t>(i + 1, 10); // of 100 bytes each
            BOOST_TEST(policy.quarantined() == 100 * held);
            BOOST_TEST(book.live.size() == blocks.size() - (i + 1 - held));
            if (i >= 10) { BOOST_TEST(!book.live.contains(byte_of(blocks[i - 10], -16))); }
        }
        void* const large = filled(policy, {969, 4}); // 1001 with its margins
        policy.deallocate(large, {969, 4});
        BOOST_TEST(!book.live.contains(byte_of(large, -16)));
        BOOST_TEST(policy.quarantined() == 1000U);
        void* const fits = filled(policy, {968, 4});
        policy.deallocate(fits, {968, 4});
        BOOST_TEST((policy.quarantined() == 1000U && book.live.size() == 1U));
        BOOST_TEST(policy.trim() == 1000U);
        BOOST_TEST((policy.quarantined() == 0U && book.live.empty()));
        BOOST_TEST(policy.trim() == 0U);
        policy.deallocate(fits, {968, 4}); // it is forgotten
        recording::only(misuse::foreign_release, fits, {0, 1});
        policy.deallocate(filled(policy, {1, 1}), {1, 1});
        BOOST_TEST(policy.quarantined() == 33U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(remembers_a_block_that_came_back_and_nothing_of_it_but_that) {
    const recording record;
    checked<pool16<>, checked_options{.redzone = 0, .quarantine = 0}> policy;
    void* const at = filled(policy, {37, 8});
    void* const other = filled(policy, {37, 8});
    policy.deallocate(at, {37, 8});
    BOOST_TEST((!policy.owns(at) && policy.usable_size(at) == 0U && !is_live(policy, at)));
    policy.deallocate(at, {37, 8});
    BOOST_TEST((recording::only(misuse::double_release, at, {37, 8}).said == layout{37, 8}));
    BOOST_TEST(policy.verify() == 0U);           // what lies there is not this one's any more
    BOOST_TEST(policy.account().metadata == 3U); // behind the other
    BOOST_TEST(policy.allocate({33, 8}) == at);
    policy.deallocate(at, {37, 8}); // it is another block now
    recording::only(misuse::wrong_size, at, {33, 8});
    policy.deallocate(at, {33, 8});
    policy.deallocate(other, {37, 8});
    policy.trim();
    policy.deallocate(at, {33, 8});
    recording::only(misuse::foreign_release, at, {0, 1}); // and its memory may be anybody's
}

BOOST_AUTO_TEST_CASE(counts_the_margins_of_what_is_live_and_the_whole_of_what_waits) {
    checked<pool16<>> policy;
    void* const at = filled(policy, {40, 8});
    const byte_account live = policy.account();
    BOOST_TEST((live.taken == 32U && live.metadata == 32U && live.cached == 0U));
    policy.deallocate(at, {40, 8});
    const byte_account waits = policy.account();
    BOOST_TEST((waits.taken == 72U && waits.metadata == 0U && waits.cached == 72U));
}

BOOST_AUTO_TEST_CASE(gives_no_block_out_again_while_it_is_in_quarantine) {
    const recording record;
    checked<pool16<>, checked_options{.quarantine = 50 * 64}> policy;
    std::vector<void*> latest;
    for (int i = 0; i < 1000; ++i) {
        void* const at = filled(policy, {32, 8});
        BOOST_TEST_REQUIRE(std::count(latest.begin(), latest.end(), at) == 0);
        policy.deallocate(at, {32, 8});
        latest.push_back(at);
        if (latest.size() > 50) { latest.erase(latest.begin()); }
    }
    checked<pool16<>, checked_options{.quarantine = 0}> at_once;
    void* const at = filled(at_once, {32, 8});
    at_once.deallocate(at, {32, 8});
    BOOST_TEST(at_once.quarantined() == 0U);
    BOOST_TEST(filled(at_once, {32, 8}) == at);
    at_once.deallocate(at, {32, 8});
}

BOOST_AUTO_TEST_CASE(lets_its_upstream_trim) {
    const recording record;
    ledger book;
    checked<pool16<probe>> policy{book};
    policy.deallocate(filled(policy, {32, 8}), {32, 8});
    BOOST_TEST(!book.live.empty());
    BOOST_TEST(policy.trim() == 64U);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(reports_what_is_live_at_the_end_and_leaves_it_alone, Upstream,
                              upstreams) {
    const recording record;
    Upstream upstream;
    std::map<const void*, layout> live;
    {
        checked<ref<Upstream>> policy{upstream};
        for (const std::size_t size : sizes) { live[filled(policy, {size, 8})] = {size, 8}; }
        policy.deallocate(filled(policy, {8, 8}), {8, 8});
        auto visited = live;
        policy.for_each_live([&](const void* at, layout asked) {
            BOOST_TEST((visited.at(at) == asked));
            visited.erase(at);
        });
        BOOST_TEST(visited.empty());
    }
    BOOST_TEST(recording::seen.size() == sizes.size());
    for (const incident& what : std::exchange(recording::seen, {})) {
        BOOST_TEST(name_of(what.kind) == "leak");
        BOOST_TEST((live.at(what.at) == what.known && what.said.size == 0 && what.seed != 0));
        live.erase(what.at);
        auto* const at = const_cast<void*>(what.at);
        BOOST_TEST((*byte_of(at, 0) == std::byte{0x5A}));
        upstream.deallocate(byte_of(at, -16), {what.known.size + 32, 8});
    }
    BOOST_TEST(live.empty());
}

BOOST_AUTO_TEST_CASE(verifies_live_blocks_at_the_end_even_where_leaks_are_no_matter) {
    const recording record;
    void* spoiled = nullptr;
    {
        checked<bump<>, checked_options{.leaks = false}> policy;
        filled(policy, {10, 8});
        spoiled = filled(policy, {20, 8});
        spoil(byte_of(spoiled, 20));
    }
    recording::only(misuse::overflow, spoiled, {20, 8});
}

BOOST_AUTO_TEST_CASE(knows_its_blocks_and_their_sizes) {
    const recording record;
    checked<pool16<>> policy;
    checked<pool16<>> other;
    BOOST_TEST(!policy.owns(&policy));
    void* const at = filled(policy, {10, 8});
    BOOST_TEST((policy.owns(at) && !other.owns(at) && !policy.owns(byte_of(at, 1))));
    BOOST_TEST(policy.usable_size(at) == 10U);
    BOOST_TEST(policy.usable_size(byte_of(at, 1)) == 0U);
    other.deallocate(at, {10, 8});
    const incident what = recording::only(misuse::foreign_release, at, {0, 1});
    BOOST_TEST(what.seed == 0U); // that one has not been used
    policy.deallocate(at, {10, 8});
}

BOOST_AUTO_TEST_CASE(passes_a_request_for_zeroed_bytes_on) {
    const recording record;
    rich::record book;
    checked<rich> policy{book};
    auto* const at = static_cast<unsigned char*>(policy.allocate_zeroed({50, 8}));
    BOOST_TEST_REQUIRE(at != nullptr);
    BOOST_TEST(book.zeroings == 1U);
    BOOST_TEST(std::count(at, at + 50, 0) == 50);
    BOOST_TEST(policy.verify() == 0U);
    policy.deallocate(at, {50, 8});
    BOOST_TEST(policy.allocate_zeroed({SIZE_MAX, 8}) == nullptr);
}

BOOST_AUTO_TEST_CASE(asks_for_what_nobody_has_where_a_sum_is_not_representable) {
    checked<miser> policy;
    const auto asked_for = [&](layout want) {
        BOOST_TEST(policy.allocate(want) == nullptr);
        return miser::asked;
    };
    BOOST_TEST((asked_for({100, 8}) == layout{132, 8}));
    BOOST_TEST((asked_for({SIZE_MAX - 32, 8}) == layout{SIZE_MAX, 8}));
    BOOST_TEST((asked_for({SIZE_MAX - 31, 8}) == layout{SIZE_MAX, 8}));
    BOOST_TEST((asked_for({SIZE_MAX, 1}) == layout{SIZE_MAX, 1}));
    BOOST_TEST((asked_for({SIZE_MAX, 4096}) == layout{SIZE_MAX, 4096}));
    BOOST_TEST((asked_for({any_align, any_align}) == layout{SIZE_MAX, any_align}));
    BOOST_TEST((asked_for({1, any_align}) == layout{any_align + 17, any_align}));
}

BOOST_AUTO_TEST_CASE(says_the_seed_and_takes_it_from_the_environment) {
    const recording record;
    const auto seed_of_a_new_one = [] {
        checked<pool16<>> policy;
        void* const at = filled(policy, {8, 8});
        policy.deallocate(at, {9, 8});
        const std::uint64_t seed = recording::only(misuse::wrong_size, at, {8, 8}).seed;
        policy.deallocate(at, {8, 8});
        return seed;
    };
    ::unsetenv("ALLOY_SEED");
    const std::uint64_t one = seed_of_a_new_one();
    BOOST_TEST((one != 0 && seed_of_a_new_one() != one));
    ::setenv("ALLOY_SEED", "20261121", 1);
    BOOST_TEST(seed_of_a_new_one() == 20261121U);
    ::unsetenv("ALLOY_SEED");
}

BOOST_AUTO_TEST_CASE(never_writes_the_same_pattern_beside_live_and_into_released_blocks) {
    const recording record;
    checked<new_source> policy;
    auto* const at = static_cast<std::byte*>(filled(policy, {8, 8}));
    std::array<std::byte, 32> live{};
    std::array<std::byte, 32> released{};
    const auto copy = [&](auto& into) {
        for (std::size_t i = 0; i < 16; ++i) {
            into[i] = detail::read_kept(at - 16 + i);
            into[16 + i] = detail::read_kept(at + 8 + i);
        }
    };
    copy(live);
    policy.deallocate(at, {8, 8});
    copy(released);
    std::size_t same = 0;
    for (std::size_t i = 0; i < live.size(); ++i) { same += live[i] == released[i] ? 1U : 0U; }
    BOOST_TEST(same < 6U); // one in 128 by chance, and those behind alone
}

#if defined(ALLOY_HAS_ASAN)
BOOST_AUTO_TEST_CASE(puts_margins_and_released_blocks_off_limits_and_leaves_nothing_so) {
    const recording record;
    alignas(8) std::array<std::byte, 512> bytes{};
    {
        checked<buffer, checked_options{.leaks = false}> policy{bytes};
        void* const at = filled(policy, {20, 8});
        BOOST_TEST(__asan_address_is_poisoned(byte_of(at, -1)));
        BOOST_TEST(__asan_address_is_poisoned(byte_of(at, 20)));
        BOOST_TEST(__asan_region_is_poisoned(at, 20) == nullptr);
        BOOST_TEST(policy.verify() == 0U);
        BOOST_TEST(__asan_address_is_poisoned(byte_of(at, 20)));
        void* const gone = filled(policy, {20, 8});
        policy.deallocate(gone, {20, 8});
        BOOST_TEST(__asan_address_is_poisoned(gone));
    }
    BOOST_TEST(__asan_region_is_poisoned(bytes.data(), bytes.size()) == nullptr);
}
#endif

namespace {

using with_origins = checked<pool16<>, checked_options{.origins = true}>;

/// Code of its own, at addresses of its own.
[[gnu::noinline]] int* ask(const allocator<int, ref<with_origins>>& from) {
    return allocator<int, ref<with_origins>>(from).allocate(3);
}
[[gnu::noinline]] void give(const allocator<int, ref<with_origins>>& to, int* at) {
    allocator<int, ref<with_origins>>(to).deallocate(at, 3);
}

[[gnu::noinline]] void* ask_for_eight(with_origins& from) { return from.allocate({8, 8}); }

} // namespace

BOOST_AUTO_TEST_CASE(tells_places_that_ask_from_each_other) {
    const recording record;
    with_origins policy;
    const auto asked_from = [&](void* at) {
        policy.deallocate(at, {7, 8});
        policy.deallocate(at, {8, 8});
        return recording::only(misuse::wrong_size, at, {8, 8}).asked_from;
    };
    const void* const one = asked_from(ask_for_eight(policy));
    BOOST_TEST(asked_from(ask_for_eight(policy)) == one);
    BOOST_TEST(asked_from(policy.allocate({8, 8})) != one);
}

BOOST_AUTO_TEST_CASE(keeps_who_asked_and_who_released_where_it_is_told_to) {
    static_assert(keeps_origins_v<locked<with_origins>> && !keeps_origins_v<checked<pool16<>>>);
    const recording record;
    with_origins policy;
    const allocator<int, ref<with_origins>> ints(policy);
    int* const first = ask(ints);
    give(ints, first);
    policy.deallocate(first, {12, 4});
    const incident what = recording::only(misuse::double_release, first, {12, 4});
    BOOST_TEST(what.type == "int");
    BOOST_TEST(what.asked_from != nullptr);
    BOOST_TEST(what.released_from != nullptr);
    BOOST_TEST(what.asked_from != what.released_from);
    BOOST_TEST((what.policy.find("checked<pool16<") != what.policy.npos), what.policy);

    void* const second = policy.allocate({12, 4}); // nobody says for what
    policy.deallocate(second, {11, 4});
    const incident untyped = recording::only(misuse::wrong_size, second, {12, 4});
    BOOST_TEST(untyped.type.empty());
    BOOST_TEST(untyped.asked_from != nullptr);
    BOOST_TEST(untyped.released_from == nullptr);
    policy.deallocate(second, {12, 4});
}

BOOST_AUTO_TEST_CASE(names_each_leak_once_with_type_and_origin) {
    const recording record;
    std::vector<const void*> lost;
    {
        with_origins policy;
        const allocator<double, ref<with_origins>> doubles(policy);
        for (int i = 0; i < 100; ++i) {
            auto copy = doubles;
            double* const at = copy.allocate(1);
            if (i % 3 == 0) {
                lost.push_back(at);
            } else {
                copy.deallocate(at, 1);
            }
        }
    }
    BOOST_TEST(recording::seen.size() == lost.size());
    std::vector<const void*> told;
    for (const incident& each : recording::seen) {
        BOOST_TEST((each.kind == misuse::leak));
        BOOST_TEST(each.type == "double");
        BOOST_TEST(each.asked_from != nullptr);
        told.push_back(each.at);
    }
    std::sort(told.begin(), told.end());
    std::sort(lost.begin(), lost.end());
    BOOST_TEST(told == lost, boost::test_tools::per_element());
    recording::seen.clear();
}

BOOST_AUTO_TEST_CASE(a_second_release_finds_its_guard_even_through_a_router) {
    const recording record;
    fallback<checked<inline_buffer<4096>>, new_source> both;
    void* const at = both.allocate({24, 8});
    both.deallocate(at, {24, 8});
    both.deallocate(at, {24, 8});
    recording::only(misuse::double_release, at, {24, 8});
}
