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
    const seal sealed(1);
    for (std::byte* at = from; at != to; ++at) {
        sealed.put(from, to);
        BOOST_TEST_REQUIRE(sealed.broken(from, to) == nullptr);
        *at ^= std::byte{1};
        BOOST_TEST_REQUIRE(sealed.broken(from, to) == at);
        to[-1] ^= std::byte{0x80};
        BOOST_TEST_REQUIRE(sealed.broken(from, to) == at);
        BOOST_TEST_REQUIRE(sealed.broken(from, at) == nullptr);
    }
    BOOST_TEST(sealed.broken(to, to) == nullptr);
}

BOOST_AUTO_TEST_CASE(writes_no_byte_beyond) {
    bytes.fill({});
    seal(2).put(from, to);
    BOOST_TEST((from[-1] == std::byte{} && *to == std::byte{}));
    BOOST_TEST(std::count(from, to, std::byte{}) == 0); // and no zero
}

BOOST_AUTO_TEST_CASE(depends_on_seed_and_address_in_every_byte) {
    const auto alike = [](seal a, seal b, std::size_t shift) {
        std::array<std::byte, 1024> copy{};
        a.put(bytes.data(), bytes.data() + 2048);
        std::copy_n(bytes.data() + shift, copy.size(), copy.data());
        b.put(bytes.data(), bytes.data() + 2048);
        std::size_t same = 0;
        for (std::size_t i = 0; i < copy.size(); ++i) { same += copy[i] == bytes[i] ? 1U : 0U; }
        return same;
    };
    BOOST_TEST(alike(seal(1), seal(1), 0) == 1024U);
    for (const std::uint64_t other : {0x0ULL, 0x2ULL, ~0x1ULL, 0x1ULL << 63U | 1U}) {
        BOOST_TEST(alike(seal(1), seal(other), 0) < 40U); // 4 by chance
    }
    BOOST_TEST(alike(seal(1), seal(1).other(), 0) < 40U);
    for (const std::size_t shift : {1U, 8U, 16U, 64U, 1024U}) {
        BOOST_TEST(alike(seal(1), seal(1), shift) < 40U);
    }
}

BOOST_AUTO_TEST_CASE(repeats_at_no_distance_that_blocks_have) {
    static std::array<std::byte, 1U << 18U> many;
    seal(1).put(many.data(), many.data() + many.size());
    for (std::size_t distance = 8; distance <= 4096; distance *= 2) {
        for (std::size_t byte = 0; byte < 8; ++byte) {
            int same = 0;
            for (std::size_t i = 1; i < 64; ++i) {
                same += many[byte + i * distance] == many[byte] ? 1 : 0;
            }
            BOOST_TEST(same < 8); // one in four times by chance
        }
    }
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
