// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/fact.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/source/buffer.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

using namespace alloy;
using detail::redzone;
using test::ledger;
using test::probe;

static_assert(policy<bump<>>);
static_assert(!(owning_policy<bump<>> || rounding_policy<bump<>> || batching_policy<bump<>> ||
                zeroing_policy<bump<>> || measuring_policy<bump<>> || stateless_policy<bump<>>));
static_assert(!(thread_safe_v<bump<>> || zero_fresh_v<bump<>> || migratory_v<bump<>>));
static_assert(bump<>::max_align == any_align && max_size_v<bump<>> == any_size);
static_assert(!std::copy_constructible<bump<>> && !std::movable<bump<>>);
static_assert(!std::is_copy_assignable_v<bump<>> && !std::is_move_assignable_v<bump<>>);
static_assert(!std::is_constructible_v<bump<>, bump<>&>);
static_assert(!std::convertible_to<ledger&, bump<bump_options{}, probe>>);
static_assert(sizeof(bump<>) == 7 * sizeof(void*), "new_source takes no room");

constinit bump<> before_main; // construction acquires nothing

namespace {

constexpr bump_options small{.first = 256, .largest = 1024};
using arena = bump<small, probe>;

/// What a chunk of `bytes` can give in one block of alignment 8.
constexpr std::size_t room(std::size_t bytes) { return bytes - sizeof(detail::chunk) - redzone; }

/// Requests of many sizes and alignments, some beyond the largest chunk.
constexpr layout request(std::size_t i) {
    return {1 + i * 37 % 200 + (i % 11 == 10 ? 1500 : 0), std::size_t{1} << i % 7};
}

std::vector<void*> fill(arena& target, std::size_t from, std::size_t to) {
    std::vector<void*> blocks;
    for (std::size_t i = from; i < to; ++i) {
        blocks.push_back(target.allocate(request(i)));
        BOOST_TEST_REQUIRE(blocks.back() != nullptr);
        BOOST_TEST_REQUIRE(detail::is_aligned(blocks.back(), request(i).align));
        std::memset(blocks.back(), static_cast<int>(i), request(i).size);
    }
    return blocks;
}

void check_filled(const std::vector<void*>& blocks) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const auto* const bytes = static_cast<unsigned char*>(blocks[i]);
        BOOST_TEST_REQUIRE(std::all_of(bytes, bytes + request(i).size, [&](unsigned char byte) {
            return byte == static_cast<unsigned char>(i);
        }));
    }
}

/// An upstream that hands out whole units of 1000 bytes and wants to be trimmed.
struct units {
    static constexpr std::size_t max_align = any_align;

    static std::size_t good_size(layout want) noexcept {
        return want.size > any_size / 2 ? want.size : (want.size + 999) / 1000 * 1000;
    }
    void* allocate(layout want) noexcept { return inner.allocate({good_size(want), want.align}); }
    void deallocate(void* at, layout given) noexcept {
        inner.deallocate(at, {good_size(given), given.align});
    }
    std::size_t trim() noexcept {
        ++*trimmed;
        return 1'000'000;
    }

    units(ledger& book, int& trims) noexcept : inner(book), trimmed(&trims) {}

    probe inner;
    int* trimmed;
};

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        bump<bump_options{}, probe> target{book};
        test::conformance(target, {200, 64});
        BOOST_TEST(target.held() == book.bytes());
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(survives_every_failure) {
    test::survives_every_failure<arena>({200, 64});
    test::survives_every_failure<bump<bump_options{64, 64}, probe>>({300, 8}, 100);
}

BOOST_AUTO_TEST_CASE(never_misaligns_a_block) {
    bump<> target;
    test::never_misaligned(target);
}

BOOST_AUTO_TEST_CASE(aligns_beyond_a_page_and_beyond_a_chunk) {
    ledger book;
    arena target{book};
    for (std::size_t align = 1; align <= 1U << 20U; align *= 2) {
        void* const at = target.allocate({align + 3, align});
        BOOST_TEST(detail::is_aligned(at, align));
        std::memset(at, 1, align + 3);
    }
}

BOOST_AUTO_TEST_CASE(puts_blocks_in_a_row_without_headers) {
    bump<> target;
    auto* expected = static_cast<std::byte*>(target.allocate({16, 8})) + 16 + redzone;
    for (const std::size_t size : {8U, 40U, 1U, 3U, 24U}) {
        BOOST_TEST(target.allocate({size, 1}) == expected);
        expected += size + redzone;
    }
}

BOOST_AUTO_TEST_CASE(doubles_its_chunks_up_to_the_largest) {
    ledger book;
    arena target{book};
    std::size_t held = 0;
    for (const std::size_t chunk : {256U, 512U, 1024U, 1024U, 1024U}) {
        BOOST_TEST(target.allocate({room(chunk), 8}) != nullptr); // fills it to the last byte
        held += chunk;
        BOOST_TEST(target.held() == held);
        BOOST_TEST(book.bytes() == held);
    }
}

BOOST_AUTO_TEST_CASE(gives_a_larger_request_a_chunk_of_its_own_size) {
    ledger book;
    arena target{book};
    BOOST_TEST(target.allocate({5000, 8}) != nullptr);
    BOOST_TEST(book.bytes() == 5000 + (256 - room(256)));
    BOOST_TEST(target.allocate({1, 1}) != nullptr); // it was the first turn, and it is full
    BOOST_TEST(book.bytes() == 5000 + (256 - room(256)) + 512);
    BOOST_TEST(target.allocate({5000, 64}) != nullptr); // padding included, wherever it starts
    BOOST_TEST(book.served == 3U);
    BOOST_TEST(target.held() == book.bytes());
}

BOOST_AUTO_TEST_CASE(asks_upstream_for_no_more_than_the_turn_when_that_is_enough) {
    for (std::size_t size = 1; size <= 300; ++size) {
        ledger book;
        arena target{book};
        BOOST_TEST_REQUIRE(target.allocate({size, 8}) != nullptr);
        BOOST_TEST_REQUIRE(book.bytes() == std::max<std::size_t>(256, size + 256 - room(256)));
    }
}

BOOST_AUTO_TEST_CASE(refuses_what_no_address_space_holds_without_asking_upstream) {
    ledger book{.budget = 1};
    arena target{book};
    void* const only = target.allocate({8, 8});
    for (const std::size_t size : {SIZE_MAX, SIZE_MAX - 40, any_size + 1, any_size}) {
        for (std::size_t align = 1; align != 0; align *= 2) {
            BOOST_TEST(target.allocate({size, align}) == nullptr);
        }
    }
    BOOST_TEST(target.allocate({1, any_align}) == nullptr);
    BOOST_TEST(target.allocate({1, any_align / 2}) == nullptr);
    BOOST_TEST(book.requests == 1U);
    for (std::size_t align = 1; align != 0; align *= 2) { // sums that are near the edge
        BOOST_TEST(target.allocate({any_size / 2, align}) == nullptr);
    }
    BOOST_TEST(target.resize(only, {8, 8}, 16));
}

BOOST_AUTO_TEST_CASE(goes_on_as_before_when_upstream_refuses) {
    ledger book{.budget = 1};
    arena target{book};
    auto* const first = static_cast<std::byte*>(target.allocate({8, 8}));
    BOOST_TEST(target.allocate({512, 8}) == nullptr);
    BOOST_TEST(target.held() == 256U);
    BOOST_TEST(target.allocate({8, 8}) == first + 8 + redzone); // the rest is not lost
    book.budget = unlimited;
    BOOST_TEST(target.allocate({300, 8}) != nullptr);
    BOOST_TEST(target.held() == 768U); // a refused turn was not taken
}

BOOST_AUTO_TEST_CASE(takes_blocks_back_last_in_first_out) {
    bump<> target;
    void* const a = target.allocate({40, 8});
    void* const b = target.allocate({40, 8});
    void* const c = target.allocate({40, 8});
    target.deallocate(c, {40, 8});
    target.deallocate(b, {40, 8});
    BOOST_TEST(target.allocate({40, 8}) == b);
    target.deallocate(b, {40, 8});
    target.deallocate(a, {40, 8});
    BOOST_TEST(target.allocate({100, 1}) == a);
}

BOOST_AUTO_TEST_CASE(does_not_use_a_block_again_that_came_back_out_of_order) {
    bump<> target;
    void* const a = target.allocate({40, 8});
    auto* const b = static_cast<std::byte*>(target.allocate({40, 8}));
    std::memset(b, 7, 40);
    target.deallocate(a, {40, 8});
    BOOST_TEST(target.allocate({40, 8}) == b + 40 + redzone);
    BOOST_TEST(std::count(b, b + 40, std::byte{7}) == 40);
}

BOOST_AUTO_TEST_CASE(resizes_the_newest_block_within_its_chunk) {
    ledger book;
    arena target{book};
    void* const a = target.allocate({8, 8});
    auto* const b = static_cast<std::byte*>(target.allocate({8, 8}));
    BOOST_TEST(!target.resize(a, {8, 8}, 4)); // not the newest
    BOOST_TEST(!target.resize(a, {8, 8}, 9));
    const std::size_t most = room(256) - 8 - redzone;
    BOOST_TEST(!target.resize(b, {8, 8}, most + 1));
    BOOST_TEST(!target.resize(b, {8, 8}, SIZE_MAX));
    BOOST_TEST(target.resize(b, {8, 8}, most));
    std::memset(b, 1, most);
    BOOST_TEST(target.resize(b, {most, 8}, 24));
    BOOST_TEST(target.allocate({8, 8}) == b + 24 + redzone);
    BOOST_TEST(book.served == 1U);
}

BOOST_AUTO_TEST_CASE(comes_back_to_every_mark_and_goes_the_same_way_again) {
    constexpr std::size_t count = 40;
    for (std::size_t k = 0; k <= count; ++k) {
        ledger book;
        arena target{book};
        std::vector<void*> blocks = fill(target, 0, k);
        const auto then = target.mark();
        const std::vector<void*> newer = fill(target, k, count);
        const std::size_t requests = book.requests;
        for (int round = 0; round < 2; ++round) {
            target.rewind(then);
            check_filled(blocks);
            const bool same = fill(target, k, count) == newer;
            BOOST_TEST_REQUIRE(same);
        }
        blocks.insert(blocks.end(), newer.begin(), newer.end());
        check_filled(blocks);
        BOOST_TEST_REQUIRE(book.requests == requests); // chunks are kept
        BOOST_TEST_REQUIRE(target.held() == book.bytes());
    }
}

BOOST_AUTO_TEST_CASE(nests_marks) {
    ledger book;
    arena target{book};
    const auto start = target.mark(); // of an arena without a chunk
    std::vector<arena::marker> marks;
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < 30; ++i) {
        marks.push_back(target.mark());
        blocks.push_back(fill(target, i, i + 1).front());
    }
    for (std::size_t i = 30; i-- > 0;) {
        target.rewind(marks[i]);
        blocks.resize(i + 1);
        BOOST_TEST(fill(target, i, i + 1).front() == blocks[i]);
        check_filled(blocks);
        target.rewind(marks[i]);
    }
    target.rewind(start);
    BOOST_TEST(fill(target, 0, 1).front() == blocks[0]);
}

BOOST_AUTO_TEST_CASE(keeps_its_chunks_when_it_is_reset) {
    ledger book;
    arena target{book};
    const std::vector<void*> blocks = fill(target, 0, 60);
    const std::size_t held = target.held();
    const std::size_t requests = book.requests;
    for (int round = 0; round < 3; ++round) {
        target.reset();
        BOOST_TEST(target.held() == held);
        const bool same = fill(target, 0, 60) == blocks;
        BOOST_TEST(same);
    }
    BOOST_TEST(book.requests == requests);
}

BOOST_AUTO_TEST_CASE(may_be_reset_before_it_ever_served) {
    ledger book;
    arena target{book};
    target.reset();
    BOOST_TEST(target.trim() == 0U);
    target.release();
    BOOST_TEST(target.allocate({8, 8}) != nullptr);
}

BOOST_AUTO_TEST_CASE(passes_over_kept_chunks_that_are_too_small_and_uses_them_later) {
    ledger book;
    arena target{book};
    void* const in_first = target.allocate({room(256), 8});
    void* const in_second = target.allocate({room(512), 8});
    target.reset();
    BOOST_TEST(target.allocate({room(512), 8}) == in_second);
    BOOST_TEST(target.allocate({room(256), 8}) == in_first);
    BOOST_TEST(book.served == 2U);
}

BOOST_AUTO_TEST_CASE(uses_a_kept_chunk_again_only_for_what_it_surely_holds) {
    for (std::size_t size = 150; size <= 256; ++size) {
        for (std::size_t align = 1; align <= 64; align *= 2) {
            ledger book;
            arena target{book};
            static_cast<void>(target.allocate({1, 1}));
            target.reset();
            void* const at = target.allocate({size, align});
            BOOST_TEST_REQUIRE(at != nullptr);
            BOOST_TEST_REQUIRE(detail::is_aligned(at, align));
            const std::size_t pad = align > alignof(detail::chunk) ? align : 0;
            const bool holds = size + pad <= room(256);
            BOOST_TEST_REQUIRE(book.served == (holds ? 1U : 2U));
        }
    }
}

BOOST_AUTO_TEST_CASE(trims_the_kept_chunks_and_no_others) {
    ledger book;
    arena target{book};
    void* const kept = target.allocate({room(256), 8});
    std::memset(kept, 5, room(256));
    const auto then = target.mark();
    static_cast<void>(target.allocate({room(512), 8}));
    static_cast<void>(target.allocate({room(1024), 8}));
    BOOST_TEST(target.trim() == 0U);
    target.rewind(then);
    BOOST_TEST(target.held() == 1792U);
    BOOST_TEST(target.trim() == 1536U);
    BOOST_TEST(target.held() == 256U);
    BOOST_TEST(book.bytes() == 256U);
    const auto* const bytes = static_cast<unsigned char*>(kept);
    BOOST_TEST(std::count(bytes, bytes + room(256), 5) == static_cast<std::ptrdiff_t>(room(256)));
    target.rewind(then); // the mark still stands
    BOOST_TEST(target.allocate({1, 1}) != nullptr);
    BOOST_TEST(target.held() == 256 + 1024U); // and growth goes on where it was
}

BOOST_AUTO_TEST_CASE(releases_every_chunk_and_starts_over_at_the_first) {
    ledger book;
    arena target{book};
    for (int round = 0; round < 3; ++round) {
        fill(target, 0, 60);
        target.release();
        BOOST_TEST(book.live.empty());
        BOOST_TEST(target.held() == 0U);
        BOOST_TEST(target.allocate({1, 1}) != nullptr);
        BOOST_TEST(book.bytes() == 256U);
    }
}

BOOST_AUTO_TEST_CASE(uses_all_that_upstream_gives) {
    ledger book;
    int trims = 0;
    {
        bump<bump_options{.first = 1001, .largest = 4000}, units> target{book, trims};
        BOOST_TEST(target.allocate({room(2000), 8}) != nullptr);
        BOOST_TEST(target.held() == 2000U);
        BOOST_TEST(target.allocate({1, 1}) != nullptr);
        BOOST_TEST(target.held() == 5000U); // of the 2002 asked for, not of the 2000 held
        BOOST_TEST(book.bytes() == 5000U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(lets_upstream_trim_when_it_trims_but_not_when_it_ends) {
    ledger book;
    int trims = 0;
    {
        bump<small, units> target{book, trims};
        static_cast<void>(target.allocate({1, 1}));
        target.reset();
        BOOST_TEST(trims == 0);
        BOOST_TEST(target.trim() == 1000U); // what upstream says of itself is not added
        BOOST_TEST(trims == 1);
        static_cast<void>(target.allocate({1, 1}));
        target.release();
        BOOST_TEST(trims == 2);
        static_cast<void>(target.allocate({1, 1}));
    }
    BOOST_TEST(trims == 2);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(lives_on_any_upstream_such_as_a_buffer_in_place) {
    bump<small, inline_buffer<1024>> target;
    void* const at = target.allocate({200, 8});
    BOOST_TEST(at != nullptr);
    BOOST_TEST(target.allocate({200, 8}) != nullptr);
    BOOST_TEST(target.allocate({800, 8}) == nullptr);
    target.release();
    BOOST_TEST(target.held() == 0U);
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
namespace {

bool is_open(const void* at, std::size_t bytes) {
    return __asan_region_is_poisoned(const_cast<void*>(at), bytes) == nullptr; // NOLINT
}

bool is_closed(const void* at, std::size_t bytes) {
    const auto* const first = static_cast<const std::byte*>(at);
    return std::all_of(first, first + bytes, [](const std::byte& byte) {
        return __asan_address_is_poisoned(&byte) == 1;
    });
}

} // namespace

BOOST_AUTO_TEST_CASE(opens_a_block_alone_and_poisons_what_is_behind_it) {
    bump<> target;
    for (const std::size_t size : {40U, 13U, 1U, 7U, 24U}) {
        auto* const at = static_cast<std::byte*>(target.allocate({size, 1}));
        BOOST_TEST(is_open(at, size));
        BOOST_TEST(is_closed(at + size, redzone + 100));
    }
}

BOOST_AUTO_TEST_CASE(poisons_a_released_block_whether_it_was_the_newest_or_not) {
    bump<> target;
    void* const a = target.allocate({40, 8});
    void* const b = target.allocate({40, 8});
    void* const c = target.allocate({40, 8});
    target.deallocate(a, {40, 8});
    target.deallocate(c, {40, 8});
    BOOST_TEST((is_closed(a, 40) && is_open(b, 40) && is_closed(c, 40)));
}

BOOST_AUTO_TEST_CASE(opens_what_a_block_gains_and_poisons_what_it_loses) {
    bump<> target;
    auto* const at = static_cast<std::byte*>(target.allocate({40, 8}));
    BOOST_TEST(target.resize(at, {40, 8}, 61));
    BOOST_TEST((is_open(at, 61) && is_closed(at + 61, 100)));
    BOOST_TEST(target.resize(at, {61, 8}, 9));
    BOOST_TEST((is_open(at, 9) && is_closed(at + 9, 100)));
}

BOOST_AUTO_TEST_CASE(poisons_what_a_rewind_ends_in_every_chunk_and_nothing_older) {
    constexpr std::size_t count = 30;
    for (std::size_t k = 0; k <= count; ++k) {
        ledger book;
        arena target{book};
        std::vector<void*> blocks = fill(target, 0, k);
        const auto then = target.mark();
        const std::vector<void*> newer = fill(target, k, count);
        blocks.insert(blocks.end(), newer.begin(), newer.end());
        target.rewind(then);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t size = request(i).size;
            BOOST_TEST_REQUIRE((i < k ? is_open(blocks[i], size) : is_closed(blocks[i], size)));
        }
        target.reset();
        for (std::size_t i = 0; i < count; ++i) {
            BOOST_TEST_REQUIRE(is_closed(blocks[i], request(i).size));
        }
    }
}

BOOST_AUTO_TEST_CASE(gives_ordinary_memory_back) {
    alignas(16) std::array<std::byte, 4096> bytes{};
    {
        bump<small, buffer> target{std::span{bytes}};
        static_cast<void>(target.allocate({200, 8}));
        static_cast<void>(target.allocate({200, 8}));
        target.release();
        static_cast<void>(target.allocate({200, 8}));
    }
    BOOST_TEST(is_open(bytes.data(), bytes.size()));
}

BOOST_AUTO_TEST_CASE(leaves_nothing_that_looks_like_a_leak) {
    alignas(bump<>) static std::array<std::byte, sizeof(bump<>)> place;
    auto& target = *new (place.data()) bump<>; // never destroyed, with chunks in use and kept
    static_cast<void>(target.allocate({4000, 8}));
    const auto then = target.mark();
    for (int i = 0; i < 3; ++i) { static_cast<void>(target.allocate({9000, 8})); }
    target.rewind(then);
    BOOST_TEST(__lsan_do_recoverable_leak_check() == 0);
}
#endif
