// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/fact.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/conformance.hpp"
#include "support/forgery.hpp"
#include "support/probe.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

static_assert(policy<pool16<>> && rounding_policy<pool16<>> && resizing_policy<pool16<>> &&
              trimming_policy<pool16<>>);
static_assert(!owning_policy<pool16<>>, "cannot own more than its upstream does");
static_assert(!batching_policy<pool16<>> && !zeroing_policy<pool16<>> &&
              !measuring_policy<pool16<>> && !resettable_policy<pool16<>> &&
              !marking_policy<pool16<>> && !stateless_policy<pool16<>>);
static_assert(!thread_safe_v<pool16<>> && !migratory_v<pool16<>> && !zero_fresh_v<pool16<>>);
static_assert(!std::copy_constructible<pool16<>> && !std::movable<pool16<>>);
static_assert(!std::is_constructible_v<pool16<>, pool16<>&>);
static_assert(!std::is_convertible_v<ledger&, pool16<probe>>, "an upstream's argument is no pool");
static_assert(std::is_nothrow_default_constructible_v<pool16<>>);
static_assert(sizeof(pool16<>) == sizeof(void*) * (16 + 2 + 2 + 2), "new_source takes no room");

constinit pool16<> before_main; // construction acquires nothing

using encoded = pool16<probe, links::encoded>;
static_assert(rounding_policy<encoded> && resizing_policy<encoded> && trimming_policy<encoded>);
constinit pool16<new_source, links::encoded> encoded_before_main;

namespace {

constexpr std::size_t header = sizeof(detail::chunk);

/// What a block of bin `index` takes of its region.
constexpr std::size_t stride(std::size_t index) {
    const std::size_t size = 8 * (index + 1);
    return detail::round_up(size + detail::redzone, detail::lowest_bit(size));
}

/// What the bin of `size` bytes is asked for.
constexpr layout bin(std::size_t size) { return {size, 8}; }

std::byte* request(auto& pool, layout want) { return static_cast<std::byte*>(pool.allocate(want)); }

/// The region that `at` lies in, if it lies wholly in one.
std::optional<std::size_t> region_of(const ledger& book, const void* at, std::size_t size) {
    for (const auto& [start, want] : book.live) {
        const std::size_t from = detail::address(at) - detail::address(start);
        if (from >= header && from < want.size && want.size - from >= size) {
            return detail::address(start);
        }
    }
    return std::nullopt;
}

/// Takes blocks of 8 bytes until none is left, with upstream shut. @return How many.
std::size_t drain(pool16<probe>& pool, ledger& book) {
    book.budget = 0;
    std::size_t n = 0;
    while (pool.allocate({8, 8}) != nullptr) { ++n; }
    book.budget = unlimited;
    return n;
}

/// An upstream that rounds to 256 bytes, resizes within that, and counts what it is asked.
struct able_upstream {
    static constexpr std::size_t max_align = any_align;
    struct log {
        int trims = 0;
        int resizes = 0;
        layout asked{0, 1};
        layout given{0, 1};
    };

    explicit able_upstream(log& into) noexcept : into_(&into) {}

    [[nodiscard]] static std::size_t good_size(layout want) noexcept {
        return want.size > any_size ? want.size : detail::round_up(want.size, 256);
    }
    [[nodiscard]] void* allocate(layout want) noexcept {
        into_->asked = want;
        return new_source::allocate({good_size(want), want.align});
    }
    void deallocate(void* at, layout given) noexcept {
        into_->given = given;
        new_source::deallocate(at, given);
    }
    [[nodiscard]] bool resize(void*, layout given, std::size_t size) noexcept {
        ++into_->resizes;
        return good_size(given) == good_size({size, given.align});
    }
    std::size_t trim() noexcept {
        ++into_->trims;
        return 4096;
    }

private:
    log* into_;
};

/// Lends one array, over and over.
alignas(16) std::array<std::byte, 65'536> memory;
struct lent {
    static constexpr std::size_t max_align = 16;
    [[nodiscard]] static void* allocate(layout want) noexcept {
        return want.size <= memory.size() && want.align <= 16 ? memory.data() : nullptr;
    }
    static void deallocate(void* /*at*/, layout /*given*/) noexcept {}
};

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        pool16<probe> pool{book};
        test::conformance(pool, {300, 64});
        BOOST_TEST(pool.held() == book.bytes());
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(conforms_over_an_upstream_that_rounds_and_resizes) {
    able_upstream::log log;
    pool16<able_upstream> pool{log};
    test::conformance(pool, {600, 64});
    BOOST_TEST(log.resizes > 0);
}

BOOST_AUTO_TEST_CASE(survives_every_refusal_of_its_upstream) {
    test::survives_every_failure<pool16<probe>>({160, 64});
    test::survives_every_failure<pool16<probe>>({128, 8}, 1'000, 11);
}

BOOST_AUTO_TEST_CASE(never_hands_out_a_misaligned_block) {
    ledger book;
    pool16<probe> pool{book};
    test::never_misaligned(pool, 128);
}

BOOST_AUTO_TEST_CASE(aligns_every_bin_to_the_largest_power_of_two_that_divides_its_size) {
    ledger book;
    pool16<probe> pool{book};
    for (int round = 0; round < 200; ++round) {
        for (std::size_t size = 8; size <= 128; size += 8) {
            void* const at = pool.allocate({size, 1});
            BOOST_TEST_REQUIRE(detail::is_aligned(at, detail::lowest_bit(size)));
        }
    }
}

BOOST_AUTO_TEST_CASE(rounds_to_its_bin_and_above_128_bytes_as_upstream_does) {
    able_upstream::log log;
    const pool16<able_upstream> pool{log};
    BOOST_TEST(pool.good_size({1, 1}) == 8U);
    BOOST_TEST(pool.good_size({8, 8}) == 8U);
    BOOST_TEST(pool.good_size({9, 8}) == 16U);
    BOOST_TEST(pool.good_size({1, 64}) == 64U);
    BOOST_TEST(pool.good_size({65, 64}) == 128U);
    BOOST_TEST(pool.good_size({128, 128}) == 128U);
    BOOST_TEST(pool.good_size({129, 1}) == 256U);
    BOOST_TEST(pool.good_size({1, 256}) == 256U);
    BOOST_TEST(pool.good_size({unlimited, 1}) == unlimited);
}

BOOST_AUTO_TEST_CASE(hands_out_the_last_released_block_of_a_bin_first) {
    pool16<> pool;
    void* const a = pool.allocate(bin(40));
    void* const b = pool.allocate(bin(33));
    pool.deallocate(a, bin(40));
    pool.deallocate(b, bin(39));
    BOOST_TEST(pool.allocate(bin(48)) != b);
    BOOST_TEST(pool.allocate(bin(40)) == b);
    BOOST_TEST(pool.allocate(bin(36)) == a);
}

BOOST_AUTO_TEST_CASE(cuts_twenty_blocks_at_a_refill_in_address_order) {
    for (std::size_t index = 0; index < 16; ++index) {
        ledger book;
        pool16<probe> pool{book};
        std::byte* const first = request(pool, bin(8 * (index + 1)));
        // Another bin starts where the twenty end, once the padding before them is used up.
        const layout other = bin(index == 14 ? 104 : 120);
        std::byte* next = request(pool, other);
        if (next < first) { next = request(pool, other); }
        BOOST_TEST(next == first + 20 * stride(index));
        for (std::size_t i = 1; i < 20; ++i) {
            BOOST_TEST_REQUIRE(request(pool, bin(8 * (index + 1))) == first + i * stride(index));
        }
        BOOST_TEST(book.requests == 1U);
        BOOST_TEST(request(pool, bin(8 * (index + 1))) != first + 20 * stride(index));
    }
}

BOOST_AUTO_TEST_CASE(cuts_fewer_where_the_region_is_short) {
    ledger book{.budget = 1};
    pool16<probe> pool{book};
    std::byte* const first = request(pool, bin(8));
    const std::size_t room = 20 * stride(0) / stride(6); // of 56 bytes behind the twenty of 8
    BOOST_TEST_REQUIRE((room > 0 && room < 20));
    for (std::size_t i = 0; i < room; ++i) {
        BOOST_TEST(request(pool, bin(56)) == first + 20 * stride(0) + i * stride(6));
    }
    BOOST_TEST(pool.allocate(bin(56)) == nullptr);
}

BOOST_AUTO_TEST_CASE(sizes_a_first_region_for_two_refills) {
    for (std::size_t index = 0; index < 16; ++index) {
        ledger book;
        pool16<probe> pool{book};
        BOOST_TEST(pool.allocate(bin(8 * (index + 1))) != nullptr);
        BOOST_TEST(book.bytes() == header + 40 * stride(index));
        BOOST_TEST(pool.held() == book.bytes());
    }
}

BOOST_AUTO_TEST_CASE(adds_a_sixteenth_of_what_it_holds_up_to_regions_of_a_mebibyte) {
    ledger book;
    pool16<probe> pool{book};
    std::size_t before = 0;
    std::size_t capped = 0;
    while (capped < 3) {
        BOOST_TEST_REQUIRE(pool.allocate(bin(128)) != nullptr);
        if (pool.held() == before) { continue; }
        const std::size_t rule =
            header + 40 * stride(15) + detail::round_up(before / 16, std::size_t{8});
        BOOST_TEST_REQUIRE(pool.held() - before == std::min(rule, pool16<>::max_region));
        if (rule > pool16<>::max_region) { ++capped; }
        before = pool.held();
    }
    BOOST_TEST(before > 16 * pool16<>::max_region);
}

BOOST_AUTO_TEST_CASE(gives_the_rest_of_an_old_region_to_the_bins) {
    if constexpr (detail::redzone == 0) { // the gaps would leave other pieces
        ledger book;
        pool16<probe> pool{book};
        std::byte* const rest = request(pool, bin(8)) + 20 * 8 + 2 * 56; // 48 bytes
        for (int i = 0; i < 3; ++i) { BOOST_TEST(pool.allocate(bin(56)) != nullptr); }
        BOOST_TEST(book.requests == 2U);
        // 48 bytes behind an odd multiple of 8: the largest bin that may start there has 40.
        BOOST_TEST_REQUIRE(!detail::is_aligned(rest, 16));
        BOOST_TEST(request(pool, bin(40)) == rest);
        BOOST_TEST(request(pool, bin(8)) == rest + 40);
        BOOST_TEST(book.requests == 2U);
    }
    BOOST_TEST(before_main.held() == 0U);
}

BOOST_AUTO_TEST_CASE(loses_no_byte_of_its_regions) {
    ledger book;
    pool16<probe> pool{book};
    test::churn<pool16<probe>> churn(pool, {128, 64}, 3);
    for (int i = 0; i < 5'000; ++i) { churn.step(); }
    churn.finish();
    const std::size_t usable = pool.held() - book.live.size() * header;
    const std::size_t drained = drain(pool, book) * stride(0);
    BOOST_TEST(book.live.size() > 3U);
    if constexpr (detail::redzone == 0) {
        BOOST_TEST(drained == usable);
    } else {
        BOOST_TEST(drained > usable / 2);
    }
}

BOOST_AUTO_TEST_CASE(asks_upstream_first_and_leaves_everything_as_it_was_when_that_refuses) {
    if constexpr (detail::redzone == 0) {
        ledger book{.budget = 1};
        pool16<probe> pool{book};
        std::byte* const rest = request(pool, bin(8)) + 20 * 8 + 2 * 56; // 48 bytes
        for (int i = 0; i < 2; ++i) { BOOST_TEST(pool.allocate(bin(56)) != nullptr); }
        const std::size_t held = pool.held();
        BOOST_TEST(pool.allocate(bin(56)) == nullptr);
        BOOST_TEST(pool.allocate(bin(128)) == nullptr);
        BOOST_TEST(pool.held() == held);
        // Were the rest in the bins by now, it would not be in one piece.
        BOOST_TEST(request(pool, bin(24)) == rest);
        BOOST_TEST(request(pool, bin(24)) == rest + 24);
    }
    ledger shut{.budget = 0};
    pool16<probe> none{shut};
    BOOST_TEST(none.allocate(bin(8)) == nullptr);
    BOOST_TEST(none.held() == 0U);
    BOOST_TEST(shut.requests == 1U);
}

BOOST_AUTO_TEST_CASE(asks_upstream_before_it_splits_a_larger_block) {
    ledger book;
    pool16<probe> pool{book};
    std::vector<std::byte*> large;
    while (book.requests < 2) { large.push_back(request(pool, bin(128))); }
    for (std::byte* const at : large) { pool.deallocate(at, bin(128)); }
    // The cursor has room for forty blocks of 128 at most; what is beyond comes from upstream.
    for (int i = 0; i < 2'000; ++i) { BOOST_TEST_REQUIRE(pool.allocate(bin(8)) != nullptr); }
    BOOST_TEST(book.requests > 2U);
    for (std::size_t i = 0; i < large.size(); ++i) {
        BOOST_TEST_REQUIRE(request(pool, bin(128)) == large[large.size() - 1 - i]);
    }
}

BOOST_AUTO_TEST_CASE(searches_larger_bins_when_upstream_refuses) {
    for (std::size_t index = 0; index < 15; ++index) {
        ledger book{.budget = 1};
        pool16<probe> pool{book};
        std::vector<std::byte*> large;
        while (std::byte* const at = request(pool, bin(128))) { large.push_back(at); }
        while (pool.allocate(bin(8)) != nullptr) {}
        BOOST_TEST(pool.allocate(bin(8 * (index + 1))) == nullptr);
        std::byte* const split = large[large.size() / 2];
        pool.deallocate(split, bin(128));
        for (std::size_t i = 0; i < stride(15) / stride(index) && i < 20; ++i) {
            BOOST_TEST(request(pool, bin(8 * (index + 1))) == split + i * stride(index));
        }
        BOOST_TEST(pool.held() == book.bytes());
    }
}

BOOST_AUTO_TEST_CASE(takes_the_next_larger_bin_and_never_a_smaller_one) {
    ledger book{.budget = 1};
    pool16<probe> pool{book};
    std::vector<std::byte*> out;
    std::byte* const small = request(pool, bin(16));
    std::byte* const middle = request(pool, bin(48));
    while (std::byte* const at = request(pool, bin(128))) { out.push_back(at); }
    for (const std::size_t size : {48U, 40U, 32U, 24U, 16U, 8U}) {
        while (pool.allocate(bin(size)) != nullptr) {}
    }
    pool.deallocate(small, bin(16));
    BOOST_TEST(pool.allocate(bin(24)) == nullptr);
    pool.deallocate(middle, bin(48));
    if (!out.empty()) { pool.deallocate(out.back(), bin(128)); }
    BOOST_TEST(request(pool, bin(40)) == middle);
    BOOST_TEST(request(pool, bin(16)) == small);
}

namespace {

// A bin whose blocks hold 32 aligned bytes, or do not, as their addresses fall.
constexpr layout larger = bin(detail::redzone == 0 ? 40 : 56);

template <class Pool>
void check_the_search_of_a_bin() {
    const auto can_hold_32 = [](std::byte* at) {
        return detail::round_up(detail::address(at), 32) + stride(3) <=
               detail::address(at) + stride(larger.size / 8 - 1);
    };
    ledger book{.budget = 1};
    Pool pool{book};
    std::byte* fitting = nullptr;
    std::vector<std::byte*> misfits;
    while (std::byte* const at = request(pool, larger)) {
        if (!can_hold_32(at)) {
            misfits.push_back(at);
        } else if (fitting == nullptr) {
            fitting = at;
        }
    }
    while (pool.allocate(bin(8)) != nullptr) {}
    BOOST_TEST_REQUIRE(fitting != nullptr);
    BOOST_TEST_REQUIRE(misfits.size() >= 2U);
    pool.deallocate(fitting, larger);
    for (std::byte* const at : misfits) { pool.deallocate(at, larger); }

    const std::size_t got = detail::address(pool.allocate({32, 32}));
    BOOST_TEST(got == detail::round_up(detail::address(fitting), 32));
    BOOST_TEST(pool.allocate({32, 32}) == nullptr);
    for (std::size_t i = misfits.size(); i-- > 0;) { // and the others are as they were
        BOOST_TEST_REQUIRE(request(pool, larger) == misfits[i]);
    }
    BOOST_TEST(pool.allocate(larger) == nullptr);
}

} // namespace

BOOST_AUTO_TEST_CASE(searches_a_bin_for_a_block_that_can_be_aligned) {
    const test::listener guard;
    check_the_search_of_a_bin<pool16<probe>>();
    check_the_search_of_a_bin<encoded>();
    BOOST_TEST(guard.count() == 0U);
}

BOOST_AUTO_TEST_CASE(calls_the_handler_when_nothing_is_left_and_tries_once_more) {
    struct rescue {
        ledger book{.budget = 0};
        std::size_t gift = 0;
        int calls = 0;
        static void handle(void* self) noexcept {
            auto& me = *static_cast<rescue*>(self);
            ++me.calls;
            me.book.budget = me.gift;
        }
    } relief;
    pool16<probe> pool{relief.book};
    pool.on_out_of_memory(&rescue::handle, &relief);

    BOOST_TEST(pool.allocate(bin(8)) == nullptr);
    BOOST_TEST(relief.calls == 1);
    BOOST_TEST(relief.book.requests == 2U);
    BOOST_TEST(pool.allocate(bin(1'000)) == nullptr);
    BOOST_TEST(relief.calls == 2);
    BOOST_TEST(relief.book.requests == 4U);

    relief.gift = 1;
    std::byte* const large = request(pool, bin(1'000));
    BOOST_TEST(large != nullptr);
    BOOST_TEST(relief.calls == 3);
    pool.deallocate(large, bin(1'000));

    std::byte* const block = request(pool, bin(128));
    BOOST_TEST(block != nullptr);
    BOOST_TEST(relief.calls == 4);

    relief.gift = 0;
    relief.book.budget = 0;
    while (pool.allocate(bin(128)) != nullptr) {}
    while (pool.allocate(bin(8)) != nullptr) {}
    const int calls = relief.calls;
    pool.deallocate(block, bin(128));
    BOOST_TEST(pool.allocate(bin(112)) == block); // a larger bin comes before the handler
    BOOST_TEST(relief.calls == calls);

    pool.on_out_of_memory(nullptr);
    BOOST_TEST(pool.allocate(bin(128)) == nullptr);
    BOOST_TEST(pool.allocate(bin(1'000)) == nullptr);
    BOOST_TEST(relief.calls == calls);
}

BOOST_AUTO_TEST_CASE(sends_what_is_larger_than_128_bytes_or_aligned_above_upstream_as_it_is) {
    ledger book;
    pool16<probe> pool{book};
    for (const layout want : {layout{129, 1}, layout{1, 256}, layout{5'000, 64}}) {
        void* const at = pool.allocate(want);
        BOOST_TEST_REQUIRE(book.live.contains(at));
        BOOST_TEST((book.live.at(at) == want));
        BOOST_TEST(detail::is_aligned(at, want.align));
        BOOST_TEST(pool.held() == 0U);
        pool.deallocate(at, want);
        BOOST_TEST(book.live.empty());
    }
    void* const largest = pool.allocate({128, 128});
    BOOST_TEST(!book.live.contains(largest));
    pool.deallocate(largest, {128, 128});
}

BOOST_AUTO_TEST_CASE(resizes_within_a_bin) {
    ledger book;
    pool16<probe> pool{book};
    void* const at = pool.allocate({20, 8});
    BOOST_TEST(pool.resize(at, {20, 8}, 24));
    BOOST_TEST(pool.resize(at, {24, 8}, 17));
    BOOST_TEST(!pool.resize(at, {17, 8}, 16));
    BOOST_TEST(!pool.resize(at, {17, 8}, 25));
    BOOST_TEST(!pool.resize(at, {17, 8}, 129));
    BOOST_TEST(!pool.resize(at, {17, 8}, unlimited));
    pool.deallocate(at, {17, 8});

    void* const aligned = pool.allocate({8, 64});
    BOOST_TEST(pool.resize(aligned, {8, 64}, 64));
    BOOST_TEST(!pool.resize(aligned, {8, 64}, 65));
    pool.deallocate(aligned, {64, 64});

    void* const large = pool.allocate({200, 8});
    BOOST_TEST(!pool.resize(large, {200, 8}, 201)); // a probe cannot
    BOOST_TEST(!pool.resize(large, {200, 8}, 100));
    pool.deallocate(large, {200, 8});
}

BOOST_AUTO_TEST_CASE(resizes_large_blocks_where_upstream_can_but_never_into_a_bin) {
    able_upstream::log log;
    pool16<able_upstream> pool{log};
    void* const at = pool.allocate({200, 8});
    BOOST_TEST(pool.resize(at, {200, 8}, 256));
    BOOST_TEST(!pool.resize(at, {256, 8}, 257));
    BOOST_TEST(log.resizes == 2);
    BOOST_TEST(!pool.resize(at, {256, 8}, 128));
    BOOST_TEST(log.resizes == 2);
    pool.deallocate(at, {256, 8});
    BOOST_TEST((log.given == layout{256, 8}));
}

BOOST_AUTO_TEST_CASE(carves_all_that_upstream_really_gave) {
    able_upstream::log log;
    pool16<able_upstream> pool{log};
    BOOST_TEST(pool.allocate(bin(24)) != nullptr);
    BOOST_TEST(log.asked.size == header + 40 * stride(2));
    BOOST_TEST(pool.held() == able_upstream::good_size(log.asked));
}

BOOST_AUTO_TEST_CASE(trims_everything_once_everything_is_free) {
    ledger book;
    pool16<probe> pool{book};
    std::vector<void*> out;
    for (std::size_t i = 0; i < 500; ++i) { out.push_back(pool.allocate(bin(8 * (1 + i % 16)))); }
    for (std::size_t i = 0; i < out.size(); ++i) { pool.deallocate(out[i], bin(8 * (1 + i % 16))); }
    const std::size_t held = pool.held();
    BOOST_TEST(book.live.size() > 2U);
    BOOST_TEST(pool.trim() == held);
    BOOST_TEST(pool.held() == 0U);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(pool.trim() == 0U);
    // The cursor and the bins went with the regions: the next block is in a new one.
    const std::size_t requests = book.requests;
    void* const at = pool.allocate(bin(8));
    BOOST_TEST(book.requests == requests + 1);
    BOOST_TEST(region_of(book, at, 8).has_value());
}

BOOST_AUTO_TEST_CASE(trims_nothing_where_nothing_was_taken) {
    ledger book;
    pool16<probe> pool{book};
    BOOST_TEST(pool.trim() == 0U);
    BOOST_TEST(book.requests == 0U);
}

BOOST_AUTO_TEST_CASE(trims_a_region_under_its_cursor_and_keeps_one_with_a_live_block) {
    ledger book;
    pool16<probe> pool{book};
    void* const live = pool.allocate(bin(8)); // its region keeps twenty blocks' room behind it
    const std::size_t first = pool.held();
    BOOST_TEST(pool.trim() == 0U);
    for (std::size_t i = 1; i < 40; ++i) { // the cursor goes on from where it was
        BOOST_TEST_REQUIRE(request(pool, bin(8)) == static_cast<std::byte*>(live) + i * stride(0));
    }
    BOOST_TEST(book.requests == 1U);
    void* const next = pool.allocate(bin(8)); // and is in a second region now
    BOOST_TEST(book.requests == 2U);
    pool.deallocate(next, bin(8));
    BOOST_TEST(pool.trim() ==
               header + 40 * stride(0) + detail::round_up(first / 16, std::size_t{8}));
    BOOST_TEST(pool.held() == first);
    BOOST_TEST(pool.allocate(bin(8)) != nullptr);
    BOOST_TEST(book.requests == 3U);
}

BOOST_AUTO_TEST_CASE(trims_exactly_the_regions_without_a_live_block) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            ledger book;
            pool16<probe> pool{book};
            std::mt19937_64 random(seed);
            std::map<void*, layout> live;
            const auto fill = [&](int n) {
                for (int i = 0; i < n; ++i) {
                    const layout want{1 + random() % 128, std::size_t{1} << random() % 8};
                    if (void* const at = pool.allocate(want)) {
                        std::memset(at, 0x5a, pool.good_size(want));
                        live.emplace(at, want);
                    }
                }
            };
            const auto thin_out = [&](std::size_t left) {
                while (live.size() > left) {
                    auto victim = live.begin();
                    if (random() % 4 != 0) { victim = std::prev(live.end()); }
                    pool.deallocate(victim->first, victim->second);
                    live.erase(victim);
                }
            };
            fill(400);
            thin_out(200);
            book.budget = 0; // so that larger blocks are split too
            fill(400);
            book.budget = unlimited;
            for (const std::size_t left : {60U, 5U, 1U, 0U}) {
                thin_out(left);
                const std::size_t held = pool.held();
                const std::size_t gone = pool.trim();
                BOOST_TEST(pool.held() == held - gone);
                BOOST_TEST(pool.held() == book.bytes());
                std::map<std::size_t, int> blocks_in;
                for (const auto& [at, want] : live) {
                    const auto region = region_of(book, at, pool.good_size(want));
                    BOOST_TEST_REQUIRE(region.has_value());
                    ++blocks_in[*region];
                    const auto* const bytes = static_cast<const unsigned char*>(at);
                    BOOST_TEST_REQUIRE(std::all_of(bytes, bytes + pool.good_size(want),
                                                   [](unsigned char b) { return b == 0x5a; }));
                }
                BOOST_TEST(blocks_in.size() == book.live.size());
                BOOST_TEST(pool.trim() == 0U);
            }
            BOOST_TEST(book.live.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(keeps_every_free_byte_of_the_regions_that_a_trim_leaves) {
    ledger book;
    pool16<probe> pool{book};
    std::vector<void*> out;
    while (book.requests < 6) { out.push_back(pool.allocate(bin(32))); }
    std::vector<void*> live;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (i % 50 == 0 && i < out.size() / 2) {
            live.push_back(out[i]);
        } else {
            pool.deallocate(out[i], bin(32));
        }
    }
    BOOST_TEST(pool.trim() > 0U);
    BOOST_TEST(!book.live.empty());
    const std::size_t used = book.live.size() * header + live.size() * stride(3);
    const std::size_t regions = book.live.size();
    const std::size_t free = pool.held() - used;
    const std::size_t drained = drain(pool, book);
    BOOST_TEST(book.live.size() == regions);
    if constexpr (detail::redzone == 0) {
        BOOST_TEST(drained * stride(0) == free);
    } else {
        BOOST_TEST(drained * stride(0) > free / 2);
    }
}

BOOST_AUTO_TEST_CASE(has_its_bins_in_address_order_after_a_trim) {
    ledger book;
    pool16<probe> pool{book};
    std::vector<void*> out;
    for (int i = 0; i < 100; ++i) { out.push_back(pool.allocate(bin(40))); }
    std::shuffle(out.begin(), out.end(), std::mt19937_64{1});
    for (std::size_t i = 1; i < out.size(); ++i) { pool.deallocate(out[i], bin(40)); }
    pool.trim();
    std::size_t last = 0;
    for (int i = 0; i < 30; ++i) {
        const std::size_t at = detail::address(pool.allocate(bin(40)));
        BOOST_TEST(at > last);
        last = at;
    }
}

BOOST_AUTO_TEST_CASE(lets_its_upstream_trim_and_counts_only_what_left_itself) {
    able_upstream::log log;
    pool16<able_upstream> pool{log};
    BOOST_TEST(pool.trim() == 0U);
    BOOST_TEST(log.trims == 1);
    pool.deallocate(pool.allocate(bin(8)), bin(8));
    const std::size_t held = pool.held();
    BOOST_TEST(pool.trim() == held);
    BOOST_TEST(log.trims == 2);
    BOOST_TEST(log.given.size == held);
}

BOOST_AUTO_TEST_CASE(aligns_bins_more_strongly_than_its_upstream_can) {
    static_assert(pool16<lent>::max_align == 128);
    pool16<lent> pool;
    for (int i = 0; i < 30; ++i) { BOOST_TEST(detail::is_aligned(pool.allocate({8, 128}), 128)); }
    BOOST_TEST(pool.allocate({256, 128}) == nullptr);
}

BOOST_AUTO_TEST_CASE(ends_small_blocks_that_are_still_live_with_itself) {
    ledger book;
    {
        pool16<probe> pool{book};
        for (int i = 0; i < 1'000; ++i) { BOOST_TEST(pool.allocate(bin(96)) != nullptr); }
    }
    BOOST_TEST(book.served > 1U);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(conforms_with_encoded_links) {
    const test::listener guard;
    ledger book;
    {
        encoded pool{book};
        test::conformance(pool, {300, 64});
        BOOST_TEST(pool.held() == book.bytes());
        pool.trim();
        BOOST_TEST(pool.held() == 0U);
        test::conformance(pool, {128, 8});
    }
    BOOST_TEST(book.live.empty());
    BOOST_TEST(guard.count() == 0U);
}

BOOST_AUTO_TEST_CASE(survives_every_refusal_of_its_upstream_with_encoded_links) {
    const test::listener guard;
    test::survives_every_failure<encoded>({160, 64});
    test::survives_every_failure<encoded>({128, 8}, 1'000, 11);
    BOOST_TEST(guard.count() == 0U);
}

BOOST_AUTO_TEST_CASE(never_hands_out_a_misaligned_block_from_encoded_links) {
    pool16<new_source, links::encoded> pool;
    test::never_misaligned(pool, 128);
}

BOOST_AUTO_TEST_CASE(tells_every_word_that_is_written_over_a_link) {
    for (const std::size_t size : {8U, 40U, 128U}) {
        const test::listener guard;
        ledger book;
        {
            encoded pool{book};
            std::set<void*> lost;
            for (std::size_t turn = 0, turns = 1; turn < turns; ++turn) {
                std::vector<void*> all;
                for (int i = 0; i < 5; ++i) { all.push_back(pool.allocate(bin(size))); }
                for (void* const each : all) {
                    BOOST_TEST_REQUIRE(!lost.contains(each));
                    pool.deallocate(each, bin(size));
                }
                const auto words = test::forgeries(all[4], all);
                turns = words.size();
                lost.insert(all.begin(), all.end());
                test::forge(all[4], words[turn % words.size()]);
                pool.deallocate(pool.allocate(bin(size)), bin(size));
                BOOST_TEST_REQUIRE(guard.heard_of(all[4]));
            }
            BOOST_TEST(lost.size() > 10'000U);
        }
        BOOST_TEST(book.live.empty());
    }
}

BOOST_AUTO_TEST_CASE(loses_only_what_is_behind_a_forged_link_in_its_bin) {
    const test::listener guard;
    ledger book;
    encoded pool{book};
    std::vector<void*> all;
    for (int i = 0; i < 6; ++i) { all.push_back(pool.allocate(bin(48))); }
    void* const other = pool.allocate(bin(56));
    for (void* const each : all) { pool.deallocate(each, bin(48)); }
    pool.deallocate(other, bin(56));
    test::forge(all[3], test::link_word(all[3]) ^ 0x30);
    BOOST_TEST(pool.allocate(bin(48)) == all[5]);
    BOOST_TEST(pool.allocate(bin(48)) == all[4]);
    BOOST_TEST(guard.count() == 0U);
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST(std::count(all.begin(), all.end(), pool.allocate(bin(48))) == 0);
    }
    BOOST_TEST(guard.heard_of(all[3]));
    BOOST_TEST(pool.allocate(bin(56)) == other);
}

BOOST_AUTO_TEST_CASE(tells_a_forged_link_where_it_looks_for_a_block_to_split) {
    const test::listener guard;
    ledger book{.budget = 1};
    encoded pool{book};
    std::vector<void*> large;
    while (void* const at = pool.allocate(bin(128))) { large.push_back(at); }
    while (pool.allocate(bin(8)) != nullptr) {}
    for (void* const each : large) { pool.deallocate(each, bin(128)); }
    test::forge(large.back(), 0);
    BOOST_TEST(pool.allocate(bin(8)) == nullptr);
    BOOST_TEST(guard.heard_of(large.back()));
    BOOST_TEST(pool.allocate(bin(128)) == nullptr);
    BOOST_TEST(guard.count() == 0U);
}

BOOST_AUTO_TEST_CASE(tells_a_forged_link_when_it_trims_and_keeps_every_region_that_lost_a_block) {
    for (const bool last : {false, true}) {
        const test::listener guard;
        ledger book;
        {
            encoded pool{book};
            std::vector<void*> all;
            while (book.requests < 4) { all.push_back(pool.allocate(bin(40))); }
            void* const live = all[3];
            std::memset(live, 0x5a, 40);
            for (void* const each : all) {
                if (each != live) { pool.deallocate(each, bin(40)); }
            }
            void* const victim = last ? all.back() : all.front();
            test::forge(victim, 0);
            const std::size_t held = pool.held();
            const std::size_t gone = pool.trim();
            BOOST_TEST(guard.heard_of(victim));
            BOOST_TEST(pool.held() == held - gone);
            BOOST_TEST(pool.held() == book.bytes());
            // Behind the last are all; behind the first is what the last refill left in its bin.
            BOOST_TEST(book.live.size() == (last ? 4U : 2U));
            BOOST_TEST(region_of(book, live, 40).has_value());
            BOOST_TEST(region_of(book, victim, 40).has_value());
            const auto* const bytes = static_cast<const unsigned char*>(live);
            BOOST_TEST(std::count(bytes, bytes + 40, 0x5a) == 40);
            for (int i = 0; i < 1'000; ++i) {
                void* const at = pool.allocate(bin(40));
                BOOST_TEST_REQUIRE((at != live && at != victim));
            }
            pool.trim();
        }
        BOOST_TEST(guard.count() == 0U);
        BOOST_TEST(book.live.empty());
    }
}

BOOST_AUTO_TEST_CASE(tells_nothing_of_a_million_operations_in_order) {
    const test::listener guard;
    pool16<new_source, links::encoded> pool;
    std::mt19937_64 random(1);
    std::array<std::pair<void*, layout>, 2'000> live{};
    for (int i = 0; i < 1'000'000; ++i) {
        auto& [at, want] = live[random() % live.size()];
        if (at == nullptr) {
            want = {1 + random() % 140, std::size_t{1} << random() % 6};
            at = pool.allocate(want);
            std::memset(at, static_cast<int>(random()), pool.good_size(want));
        } else {
            pool.deallocate(std::exchange(at, nullptr), want);
        }
        if (i % 50'000 == 0) { pool.trim(); }
    }
    for (const auto& [at, want] : live) {
        if (at != nullptr) { pool.deallocate(at, want); }
    }
    pool.trim();
    BOOST_TEST(pool.held() == 0U);
    BOOST_TEST(guard.count() == 0U);
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_what_it_keeps_and_the_gap_behind_every_block) {
    for (std::size_t size = 8; size <= 128; size += 8) {
        pool16<> pool;
        std::byte* const at = request(pool, bin(size));
        for (std::size_t i = 0; i < size; ++i) {
            BOOST_TEST_REQUIRE(__asan_address_is_poisoned(at + i) == 0);
        }
        for (std::size_t i = 0; i < detail::redzone; ++i) {
            BOOST_TEST_REQUIRE(__asan_address_is_poisoned(at + size + i) == 1);
        }
        BOOST_TEST(__asan_address_is_poisoned(at + stride(size / 8 - 1)) == 1); // its neighbour
        pool.deallocate(at, bin(size));
        for (std::size_t i = 0; i < size; ++i) {
            BOOST_TEST_REQUIRE(__asan_address_is_poisoned(at + i) == 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(returns_regions_upstream_without_a_poisoned_byte) {
    {
        pool16<lent> pool;
        void* const at = pool.allocate(bin(8));
        BOOST_TEST(__asan_region_is_poisoned(memory.data(), memory.size()) != nullptr);
        pool.deallocate(at, bin(8));
        pool.trim();
        BOOST_TEST(__asan_region_is_poisoned(memory.data(), memory.size()) == nullptr);
        BOOST_TEST(pool.allocate(bin(8)) == at);
    }
    BOOST_TEST(__asan_region_is_poisoned(memory.data(), memory.size()) == nullptr);
}
#endif
