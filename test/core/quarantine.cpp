// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/quarantine.hpp>

#include "support/unit_test.hpp"

#include <array>
#include <cstddef>
#include <type_traits>

using alloy::detail::quarantine;
using alloy::detail::quarantined;

BOOST_AUTO_TEST_CASE(first_in_first_out_in_bytes) {
    quarantine here;
    std::array<quarantined, 3> some;
    for (int round = 0; round < 2; ++round) { // and again, when it was empty
        BOOST_TEST(here.bytes() == 0U);
        for (std::size_t i = 0; i < some.size(); ++i) {
            BOOST_TEST(!some[i].waits());
            here.push(some[i], 10 * (i + 1));
            BOOST_TEST(some[i].waits());
            BOOST_TEST(&here.oldest() == some.data());
        }
        BOOST_TEST(here.bytes() == 60U);
        for (std::size_t i = 0; i < some.size(); ++i) {
            BOOST_TEST(&here.oldest() == &some[i]);
            here.pop(10 * (i + 1));
            BOOST_TEST(!some[i].waits());
        }
    }
    BOOST_TEST(here.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(may_be_empty_in_between) {
    quarantine here;
    quarantined one;
    quarantined two;
    for (quarantined* each : {&one, &two}) {
        here.push(*each, 1);
        BOOST_TEST(&here.oldest() == each);
        here.pop(1);
    }
    BOOST_TEST(here.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(nothing_waits_where_there_is_none) {
    alloy::detail::no_quarantine none;
    alloy::detail::no_quarantine::entry one;
    none.push(one, 10);
    BOOST_TEST(!one.waits());
    BOOST_TEST(none.bytes() == 0U);
    static_assert(std::is_empty_v<alloy::detail::no_quarantine>);
}
