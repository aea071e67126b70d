// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/seal.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

using alloy::detail::draw_seed;
using alloy::detail::seal;

namespace {

alignas(8) std::array<std::byte, 4096> bytes{};
std::byte* const from = bytes.data() + 3; // neither end on a word
std::byte* const to = bytes.data() + bytes.size() - 2;

} // namespace

BOOST_AUTO_TEST_CASE(finds_the_first_byte_that_was_written_whichever_it_is) {
    const seal sealed(1, from);
    for (std::ptrdiff_t length = 1; length <= 100; ++length) {
        std::byte* const end = from + length;
        for (std::byte* at = from; at != end; ++at) {
            sealed.put(from, end);
            BOOST_TEST_REQUIRE(sealed.broken(from, end) == nullptr);
            *at ^= std::byte{2};
            BOOST_TEST_REQUIRE(sealed.broken(from, end) == at);
            end[-1] ^= std::byte{0x80};
            BOOST_TEST_REQUIRE(sealed.broken(from, end) == at);
            BOOST_TEST_REQUIRE((sealed.broken(from, at) == nullptr));
        }
    }
    BOOST_TEST(sealed.broken(to, to) == nullptr);
}

BOOST_AUTO_TEST_CASE(writes_no_byte_beyond) {
    for (std::ptrdiff_t length = 0; length <= 100; ++length) {
        bytes.fill({});
        seal(2, from).put(from, from + length);
        BOOST_TEST((from[-1] == std::byte{} && from[length] == std::byte{}));
        BOOST_TEST(std::count(from, from + length, std::byte{}) == 0); // and no zero
    }
}

BOOST_AUTO_TEST_CASE(depends_on_seed_and_block_in_every_byte) {
    constexpr std::size_t blocks = 1024;
    const auto alike = [](auto one, auto other) {
        std::size_t same = 0;
        for (std::size_t i = 0; i < blocks; ++i) {
            const std::byte* const block = bytes.data() + 16 * i;
            std::array<std::byte, 8> a{};
            std::array<std::byte, 8> b{};
            one(block).put(a.data(), a.data() + a.size());
            other(block).put(b.data(), b.data() + b.size());
            for (std::size_t k = 0; k < a.size(); ++k) { same += a[k] == b[k] ? 1U : 0U; }
        }
        return same;
    };
    const auto of = [](std::uint64_t seed, std::ptrdiff_t distance) {
        return [=](const std::byte* block) { return seal(seed, block + distance); };
    };
    constexpr std::size_t by_chance = blocks * 8 / 128;
    BOOST_TEST(alike(of(1, 0), of(1, 0)) == 8 * blocks);
    for (const std::uint64_t seed : {0x0ULL, 0x2ULL, ~0x1ULL, 0x1234'5678'9ABC'DEF0ULL}) {
        BOOST_TEST(alike(of(1, 0), of(seed, 0)) < 3 * by_chance);
    }
    for (std::ptrdiff_t distance = 8; distance <= 4096; distance *= 2) {
        BOOST_TEST(alike(of(1, 0), of(1, distance)) < blocks); // one byte of eight, at most
    }
    BOOST_TEST(alike(of(1, 0), [](const std::byte* block) { return seal(1, block).other(); }) ==
               0U);
}

BOOST_AUTO_TEST_CASE(draws_another_seed_each_time_unless_the_environment_says_which) {
    ::unsetenv("ALLOY_SEED");
    const std::uint64_t one = draw_seed();
    BOOST_TEST((one != 0 && draw_seed() != one));
    ::setenv("ALLOY_SEED", "18446744073709551615", 1);
    BOOST_TEST(draw_seed() == UINT64_MAX);
    ::setenv("ALLOY_SEED", "42", 1);
    BOOST_TEST(draw_seed() == 42U);
    for (const char* const none : {"0", "", "seed"}) {
        ::setenv("ALLOY_SEED", none, 1);
        BOOST_TEST(draw_seed() > 1U);
    }
    ::unsetenv("ALLOY_SEED");
}
