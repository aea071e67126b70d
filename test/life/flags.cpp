// SPDX-License-Identifier: BSL-1.0
#include "support/other_flags.hpp"

#include "support/unit_test.hpp"

#include <cstddef>

using namespace alloy;

BOOST_AUTO_TEST_CASE(objects_are_laid_out_the_same_whatever_a_translation_unit_is_compiled_with) {
    const auto here = test::sizes_here();
    const auto there = test::sizes_there();
    BOOST_TEST(here == there, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_block_may_be_taken_by_one_and_released_by_the_other) {
    bump<> arena;
    test::in_arena other{arena};
    test::numbers list;
    for (int round = 0; round < 5; ++round) {
        list.assign(100, round);
        other.assign(100, round);
        test::change_there(list, other);
        BOOST_TEST(list.size() == other.size());
        BOOST_TEST(list.back() == 999);
        list.resize(10);
    }
}
