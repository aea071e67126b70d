// SPDX-License-Identifier: BSL-1.0
#include <alloy/hardening.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/source/buffer.hpp>

#include "support/conformance.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

using namespace alloy;

static_assert(std::is_same_v<hardening<0, bitmap<layout{40, 8}>>, bitmap<layout{40, 8}>>,
              "what is off is not there");
static_assert(outermost_guard_v<hardening<1, pool16<>>> == guard_rank::check);
static_assert(keeps_origins_v<hardening<3, pool16<>>> && !keeps_origins_v<hardening<2, pool16<>>>);
static_assert(thread_safe_v<locked<hardened_pool<4>>> && thread_safe_v<locked<guarded_pool<>>>);

namespace {

/// The kinds that a handler was told of.
std::vector<misuse> told;

struct listening {
    misuse_handler before =
        on_misuse([](const incident& what) noexcept { told.push_back(what.kind); });
    listening() { told.clear(); }
    listening(const listening&) = delete;
    listening& operator=(const listening&) = delete;
    ~listening() { on_misuse(before); }
};

/// What a pool tells of a second release, a wrong size, a write behind the block, one after its
/// release if it is watched then, and a leak.
template <class Pool, bool Watched = true>
std::vector<misuse> tells() {
    const listening now;
    {
        Pool pool;
        auto* const twice = static_cast<char*>(pool.allocate({40, 8}));
        auto* const over = static_cast<char*>(pool.allocate({37, 8}));
        auto* const after = static_cast<char*>(pool.allocate({40, 8}));
        static_cast<void>(pool.allocate({40, 8}));
        pool.deallocate(twice, {40, 8});
        pool.deallocate(twice, {40, 8});
        pool.deallocate(over, {38, 8});
        detail::write_kept(over + 37, static_cast<char>(~detail::read_kept(over + 37)));
        pool.deallocate(over, {37, 8});
        pool.deallocate(after, {40, 8});
        if constexpr (Watched) {
            detail::write_kept(after, static_cast<char>(~detail::read_kept(after)));
        }
    }
    return told;
}

template <class Pool>
void serves_containers_and_keeps_quiet() {
    const listening now;
    {
        using pair = std::pair<const int, std::string>;
        global<locked<Pool>, Pool> pool;
        std::map<int, std::string, std::less<>, allocator<pair, decltype(pool)>> all(pool);
        for (int i = 0; i < 2000; ++i) { all[i * 7919 % 1000] = std::to_string(i); }
        BOOST_TEST(all.size() == 1000U);
        BOOST_TEST(all.begin()->second == "1000");
    }
    BOOST_TEST(told.empty());
}

} // namespace

BOOST_AUTO_TEST_CASE(each_tier_tells_what_its_row_says) {
    using kinds = std::vector<misuse>;
    BOOST_TEST((tells<hardened_pool<1>, false>() ==
                kinds{misuse::double_release, misuse::wrong_size, misuse::overflow, misuse::leak}));
    const kinds two = tells<hardened_pool<2>>();
    BOOST_TEST((two == kinds{misuse::double_release, misuse::wrong_size, misuse::overflow,
                             misuse::write_after_release, misuse::leak}));
    BOOST_TEST((tells<hardened_pool<3>>() == two));
    BOOST_TEST((tells<hardened_pool<4>>() == two));
}

BOOST_AUTO_TEST_CASE(the_tier_for_secrets_leaves_nothing_of_a_block) {
    std::array<std::byte, 4096> bytes{};
    {
        hardening<4, buffer> policy{std::span(bytes)};
        void* const secret = policy.allocate({100, 8});
        std::memset(secret, 's', 100);
        policy.deallocate(secret, {100, 8});
    }
    const auto is_zero = [](std::byte each) { return each == std::byte{}; };
    BOOST_TEST(std::all_of(bytes.begin(), bytes.end(), is_zero));
}

BOOST_AUTO_TEST_CASE(no_tier_troubles_a_clean_program) {
    serves_containers_and_keeps_quiet<hardened_pool<1>>();
    serves_containers_and_keeps_quiet<hardened_pool<2>>();
    serves_containers_and_keeps_quiet<hardened_pool<3>>();
    serves_containers_and_keeps_quiet<hardened_pool<4>>();
    serves_containers_and_keeps_quiet<guarded_pool<>>();
}

BOOST_AUTO_TEST_CASE(each_tier_keeps_every_law) {
    const auto laws = []<int Tier>(std::integral_constant<int, Tier> /*tier*/) {
        test::ledger book;
        {
            hardened_pool<Tier, test::probe> pool{book};
            test::conformance(pool, {128, 128});
        }
        BOOST_TEST(book.live.empty());
        test::survives_every_failure<hardened_pool<Tier, test::probe>>({200, 64});
    };
    laws(std::integral_constant<int, 0>{});
    laws(std::integral_constant<int, 1>{});
    laws(std::integral_constant<int, 2>{});
    laws(std::integral_constant<int, 3>{});
    laws(std::integral_constant<int, 4>{});
}

BOOST_AUTO_TEST_CASE(a_guarded_pool_tells_what_tier_one_does_and_hands_no_block_out_at_once) {
    BOOST_TEST((tells<guarded_pool<>, false>() == tells<hardened_pool<1>, false>()));
    const listening now;
    {
        guarded_pool<> pool;
        void* const first = pool.allocate({64, 16});
        pool.deallocate(first, {64, 16});
        for (int i = 0; i < 256; ++i) {
            void* const at = pool.allocate({64, 16});
            BOOST_TEST_REQUIRE(at != first);
            pool.deallocate(at, {64, 16});
        }
        void* const again = pool.allocate({64, 16});
        BOOST_TEST(again == first);
        auto* const behind = static_cast<char*>(again) + 64; // where tier one has no margin
        detail::write_kept(behind, static_cast<char>(~detail::read_kept(behind)));
        pool.deallocate(again, {64, 16});
    }
    BOOST_TEST((told == std::vector{misuse::overflow}));
}

BOOST_AUTO_TEST_CASE(a_guarded_pool_keeps_every_law) {
    test::ledger book;
    {
        guarded_pool<test::probe> pool{book};
        test::conformance(pool, {100, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<guarded_pool<test::probe>>({100, 64});
}
