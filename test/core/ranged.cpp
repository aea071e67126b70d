// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/core/bit_extent.hpp>
#include <alloy/core/ranged.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/shelf.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

constexpr range_options small{.bytes = 64 * 100, .unit = 64, .align = 256};
template <policy Upstream>
using hundred = ranged<bit_extent, small, Upstream>;

constexpr std::size_t gap = detail::redzone;

/// Does not know its own blocks again.
struct forgetful {
    static constexpr std::size_t max_align = any_align;
    static void* allocate(layout want) noexcept { return new_source::allocate(want); }
    static void deallocate(void* at, layout given) noexcept { new_source::deallocate(at, given); }
    static bool owns(const void* /*at*/) noexcept { return false; }
};

} // namespace

static_assert(rounding_policy<hundred<new_source>>);
static_assert(!owning_policy<hundred<new_source>>, "cannot tell what went upstream");
static_assert(owning_policy<hundred<buffer>>);
static_assert(!trimming_policy<hundred<new_source>> && !resizing_policy<hundred<new_source>> &&
              !batching_policy<hundred<new_source>> && !zeroing_policy<hundred<new_source>> &&
              !resettable_policy<hundred<new_source>> && !marking_policy<hundred<new_source>> &&
              !measuring_policy<hundred<new_source>>);
static_assert(!thread_safe_v<hundred<new_source>> && !zero_fresh_v<hundred<new_source>> &&
              !migratory_v<hundred<new_source>>);
static_assert(!std::copy_constructible<hundred<new_source>> && !std::movable<hundred<new_source>>);
static_assert(!std::is_constructible_v<hundred<new_source>, hundred<new_source>&>);
static_assert(hundred<new_source>::max_align == new_source::max_align);

constinit hundred<new_source> before_main; // construction acquires nothing

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        ranged<bit_extent, range_options{.bytes = 1U << 16U}, probe> range{book};
        test::conformance(range, {700, 512});
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    using policy = ranged<bit_extent, range_options{.bytes = 1U << 17U, .largest = 900}, probe>;
    test::survives_every_failure<policy>({1000, 512});
}

BOOST_AUTO_TEST_CASE(takes_range_and_metadata_with_the_first_request_and_no_more) {
    ledger book;
    hundred<probe> range{book};
    BOOST_TEST(book.requests == 0U);
    BOOST_TEST(range.largest_free() == 6400 - gap);
    void* const a = range.allocate({1, 1});
    void* const b = range.allocate({100, 8});
    BOOST_TEST(book.served == 2U);
    BOOST_TEST(book.bytes() == 6400 + 16);
    for (const auto& [at, want] : book.live) {
        if (want.size == 6400) {
            BOOST_TEST(a == at);
            BOOST_TEST(want.align == 256U);
        }
    }
    range.deallocate(a, {1, 1});
    range.deallocate(b, {100, 8});
}

BOOST_AUTO_TEST_CASE(sends_upstream_what_is_too_large_or_too_strongly_aligned) {
    ledger book;
    ranged<bit_extent, range_options{.bytes = 6400, .largest = 1000, .align = 256}, probe> range{
        book};
    const layout large{1001, 1};
    const layout strong{1, 512};
    void* const a = range.allocate(large);
    void* const b = range.allocate(strong);
    BOOST_TEST_REQUIRE(book.live.size() == 2U);
    BOOST_TEST((book.live.at(a) == large));
    BOOST_TEST((book.live.at(b) == strong));
    BOOST_TEST(range.good_size(large) == 1001U);
    range.deallocate(a, large);
    range.deallocate(b, strong);
    BOOST_TEST(book.live.empty());
    void* const last = range.allocate({1000, 256});
    BOOST_TEST(last != nullptr);
    BOOST_TEST(book.bytes() == 6400U + 16);
    BOOST_TEST(range.good_size({1000, 256}) == 1000U);
    range.deallocate(last, {1000, 256});
}

BOOST_AUTO_TEST_CASE(sends_upstream_what_is_aligned_beyond_the_whole_range) {
    ledger book;
    ranged<bit_extent, range_options{.bytes = 1024, .align = 4096}, probe> range{book};
    void* const at = range.allocate({1, 2048});
    BOOST_TEST(book.live.contains(at));
    range.deallocate(at, {1, 2048});
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(rounds_to_whole_units) {
    const hundred<new_source> range;
    BOOST_TEST(range.good_size({1, 1}) == 64 - gap);
    BOOST_TEST(range.good_size({64 - gap, 1}) == 64 - gap);
    BOOST_TEST(range.good_size({65 - gap, 1}) == 128 - gap);
    BOOST_TEST(range.good_size({6400 - gap, 1}) == 6400 - gap);
    BOOST_TEST(range.good_size({6401 - gap, 1}) == 6401 - gap);
}

BOOST_AUTO_TEST_CASE(is_full_when_no_run_is_long_enough_and_then_says_null) {
    ledger book;
    hundred<probe> range{book};
    void* const whole = range.allocate({6400 - gap, 256});
    BOOST_TEST(whole != nullptr);
    BOOST_TEST(range.largest_free() == 0U);
    BOOST_TEST(range.allocate({1, 1}) == nullptr);
    BOOST_TEST(book.requests == 2U);
    range.deallocate(whole, {6400 - gap, 256});
    BOOST_TEST(range.largest_free() == 6400 - gap);
    BOOST_TEST(range.allocate({1, 1}) == whole);
    BOOST_TEST(range.largest_free() == 6336 - gap);
    range.deallocate(whole, {1, 1});
}

BOOST_AUTO_TEST_CASE(owns_its_blocks_and_those_that_went_upstream_and_no_others) {
    static std::array<std::byte, 16384> bytes;
    static std::array<std::byte, 16384> others;
    hundred<buffer> range{std::span<std::byte>{bytes}};
    hundred<buffer> other{std::span<std::byte>{others}};
    BOOST_TEST(!range.owns(others.data()));
    BOOST_TEST(!range.owns(reinterpret_cast<void*>(std::uintptr_t{1024}))); // NOLINT: a number
    void* const a = range.allocate({64, 64});
    void* const b = range.allocate({6401, 1});
    void* const c = other.allocate({64, 64});
    BOOST_TEST(range.owns(a));
    BOOST_TEST(range.owns(b));
    BOOST_TEST(!range.owns(c));
    BOOST_TEST(other.owns(c));
    range.deallocate(a, {64, 64});
    range.deallocate(b, {6401, 1});
    other.deallocate(c, {64, 64});
}

BOOST_AUTO_TEST_CASE(owns_its_range_from_the_first_byte_to_the_last) {
    hundred<forgetful> range;
    auto* const first = static_cast<std::byte*>(range.allocate({64 - gap, 64}));
    BOOST_TEST(range.owns(first));
    BOOST_TEST(range.owns(first + small.bytes - 1));
    BOOST_TEST(!range.owns(first - 1));
    BOOST_TEST(!range.owns(first + small.bytes));
    range.deallocate(first, {64 - gap, 64});
}

BOOST_AUTO_TEST_CASE(works_on_metadata_that_was_not_zero) {
    static std::array<std::byte, 16384> bytes;
    bytes.fill(std::byte{0xFF});
    hundred<buffer> range{std::span<std::byte>{bytes}};
    void* const at = range.allocate({6400 - gap, 1});
    BOOST_TEST(at != nullptr);
    range.deallocate(at, {6400 - gap, 1});
}

BOOST_AUTO_TEST_CASE(finds_out_a_double_release_and_a_pointer_that_is_no_block) {
    hundred<new_source> range;
    auto* const a = static_cast<std::byte*>(range.allocate({64 - gap, 1}));
    auto* const b = static_cast<std::byte*>(range.allocate({64 - gap, 1}));
    BOOST_TEST(!test::dies([&] { range.deallocate(a, {64 - gap, 1}); }));
    BOOST_TEST(test::dies([&] { range.deallocate(a + 8, {1, 1}); }));
    BOOST_TEST(test::dies([&] { range.deallocate(a, {129, 1}); }));
    BOOST_TEST(test::dies([&] { range.deallocate(b + 64, {1, 1}); }));
    static std::array<std::byte, 64> elsewhere;
    BOOST_TEST(test::dies([&] { range.deallocate(elsewhere.data(), {1, 1}); }));
    // The same unit if only its low 32 bits counted.
    BOOST_TEST(test::dies([&] { range.deallocate(a + (std::size_t{64} << 32U), {1, 1}); }));
    range.deallocate(a, {64 - gap, 1});
    BOOST_TEST(test::dies([&] { range.deallocate(a, {64 - gap, 1}); }));
    range.deallocate(b, {64 - gap, 1});
}

BOOST_AUTO_TEST_CASE(never_writes_into_its_range) {
    static std::array<std::byte, 16384> bytes;
    bytes.fill(std::byte{0x5A});
    {
        hundred<test::shelf> range{std::span<std::byte>{bytes}};
        for (int i = 0; i < 3; ++i) { range.deallocate(range.allocate({500, 64}), {500, 64}); }
    }
#if !defined(ALLOY_HAS_ASAN) // under which a released block's first byte is overwritten
    const auto untouched = std::count(bytes.begin(), bytes.end(), std::byte{0x5A});
    BOOST_TEST(untouched >= 16384 - 16);
#endif
    BOOST_TEST(test::is_ordinary(bytes));
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_a_released_block_and_the_gap_behind_a_live_one) {
    hundred<new_source> range;
    auto* const at = static_cast<unsigned char*>(range.allocate({40, 8}));
    BOOST_TEST(__asan_address_is_poisoned(at + 47) == 0);
    for (int i = 48; i < 64; ++i) { BOOST_TEST(__asan_address_is_poisoned(at + i) == 1); }
    range.deallocate(at, {40, 8});
    for (int i = 0; i < 64; ++i) { BOOST_TEST(__asan_address_is_poisoned(at + i) == 1); }
    auto* const longer = static_cast<unsigned char*>(range.allocate({112, 8}));
    BOOST_TEST(__asan_region_is_poisoned(longer, 112) == nullptr);
    BOOST_TEST(__asan_address_is_poisoned(longer + 112) == 1);
    range.deallocate(longer, {112, 8});
}
#endif
