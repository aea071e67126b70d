// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/seal.hpp>

#include <alloy/core/secret.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

using alloy::detail::seal;
using alloy::detail::secret;

namespace {

alignas(8) std::array<std::byte, 4096> bytes{};
std::byte* const from = bytes.data() + 3; // neither end on a word
std::byte* const to = bytes.data() + bytes.size() - 2;

} // namespace

BOOST_AUTO_TEST_CASE(finds_the_first_byte_that_was_written_whichever_it_is) {
    for (const seal sealed :
         {seal::of(secret::of(1), from), seal::of(secret::of(1), from).other()}) {
        for (std::ptrdiff_t length = 1; length <= 100; ++length) {
            std::byte* const end = from + length;
            for (std::byte* at = from; at != end; ++at) {
                sealed.put(from, end);
                BOOST_TEST_REQUIRE(sealed.broken(from, end) == nullptr);
                *at ^= std::byte{2};
                BOOST_TEST_REQUIRE(sealed.broken(from, end) == at);
                end[-1] ^= std::byte{0x80};
                BOOST_TEST_REQUIRE(sealed.broken(from, end) == at);
                BOOST_TEST_REQUIRE(sealed.broken(from, at) == nullptr);
            }
        }
    }
    BOOST_TEST(seal::of(secret::of(1), from).broken(to, to) == nullptr);
}

BOOST_AUTO_TEST_CASE(writes_no_byte_beyond) {
    for (std::ptrdiff_t length = 0; length <= 100; ++length) {
        bytes.fill({});
        seal::of(secret::of(2), from).put(from, from + length);
        BOOST_TEST((from[-1] == std::byte{} && from[length] == std::byte{}));
    }
}

BOOST_AUTO_TEST_CASE(every_byte_is_odd) {
    for (const seal sealed :
         {seal::of(secret::of(3), from), seal::of(secret::of(3), from).other()}) {
        sealed.put(from, to);
        BOOST_TEST(std::all_of(
            from, to, [](std::byte each) { return (each & std::byte{1}) == std::byte{1}; }));
    }
}

// What programs do with blocks that they have released: elements move, change places, are sorted.
BOOST_AUTO_TEST_CASE(no_copy_of_other_bytes_stands_for_it) {
    const seal sealed = seal::of(secret::of(4), from);
    std::byte* const half = from + 2000;
    for (std::ptrdiff_t distance = 1; distance <= 1000; ++distance) {
        sealed.put(from, to);
        std::copy_n(from + distance, 8, from); // within a range
        BOOST_TEST_REQUIRE(sealed.broken(from, to) != nullptr);
        sealed.put(from, half);
        std::swap_ranges(from, from + 8, from + std::max<std::ptrdiff_t>(distance, 8));
        BOOST_TEST_REQUIRE(sealed.broken(from, half) != nullptr);
        std::byte* const behind = half + distance;
        for (const seal other :
             {sealed, seal::of(secret::of(4), half)}) { // of one in the block, and in the next
            sealed.put(from, from + 16);
            other.put(behind, behind + 16);
            std::copy_n(from, 16, behind);
            BOOST_TEST_REQUIRE(other.broken(behind, behind + 16) != nullptr);
        }
    }
}

BOOST_AUTO_TEST_CASE(begins_with_the_word_that_it_is_given) {
    seal(0x8877665544332210U, from).put(from, from + 8);
    for (std::size_t i = 0; i < 8; ++i) {
        BOOST_TEST(std::to_integer<std::size_t>(from[i]) == ((i + 1) * 0x11U | 1U));
    }
}

BOOST_AUTO_TEST_CASE(depends_on_seed_and_address_in_every_byte) {
    constexpr std::size_t ranges = 1024;
    static std::array<std::byte, std::size_t{1} << 17U> room;
    using counts = std::array<std::size_t, 8>;
    const auto alike = [](std::uint64_t seed, bool inverse, std::size_t distance) {
        counts same{};
        for (std::size_t i = 0; i < ranges; ++i) {
            std::byte* const at = room.data() + 16 * i;
            seal::of(secret::of(1), at).put(at, at + 8);
            std::array<std::byte, 8> copy{};
            std::copy_n(at, copy.size(), copy.data());
            const seal second = seal::of(secret::of(seed), at + distance);
            (inverse ? second.other() : second).put(at + distance, at + distance + 8);
            for (std::size_t k = 0; k < 8; ++k) {
                same[k] += copy[k] == at[distance + k] ? 1U : 0U; // NOLINT(*-constant-array-index)
            }
        }
        return *std::max_element(same.begin(), same.end());
    };
    constexpr std::size_t often = 5 * ranges / 128; // of each byte; once by chance
    BOOST_TEST(alike(1, false, 0) == ranges);
    BOOST_TEST(alike(1, true, 0) == 0U);
    for (const std::uint64_t seed : {0x0ULL, 0x2ULL, ~0x1ULL, 1ULL << 63U | 1U}) {
        BOOST_TEST(alike(seed, false, 0) < often);
    }
    for (const std::size_t distance :
         {8U, 16U, 64U, 144U, 256U, 816U, 1024U, 1952U, 4096U, 5168U, 46368U}) {
        BOOST_TEST(alike(1, false, distance) < often);
    }
}
