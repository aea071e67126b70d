// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/secret.hpp>

#include "support/unit_test.hpp"

#include <cstdint>
#include <cstdlib>

using alloy::detail::draw_seed;
using alloy::detail::secret;

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

BOOST_AUTO_TEST_CASE(is_drawn_once_when_it_is_needed) {
    static constinit secret one;
    BOOST_TEST((one.known() == 0U && one.seed() == 0U));
    ::setenv("ALLOY_SEED", "42", 1);
    const std::uint64_t number = one.number();
    ::setenv("ALLOY_SEED", "43", 1);
    BOOST_TEST((number == secret::of(42) && one.number() == number && one.known() == number));
    BOOST_TEST(one.seed() == 42U);
    BOOST_TEST((secret().number() == secret::of(43)));
    ::unsetenv("ALLOY_SEED");
}

BOOST_AUTO_TEST_CASE(is_odd_and_another_for_each_seed) {
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        BOOST_TEST_REQUIRE(secret::of(seed) % 2 == 1U);
        BOOST_TEST_REQUIRE((secret::of(seed) != secret::of(seed + 1)));
    }
}
