// SPDX-License-Identifier: BSL-1.0
#include <alloy/gauge/describe.hpp>

#include <alloy/compose/checked.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/segregate.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/source/malloc.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <string>

using namespace alloy;

BOOST_AUTO_TEST_CASE(is_a_line_for_each_policy_further_in_than_who_uses_it) {
    using heap =
        locked<segregate<tier<layout{64, 8}, bump<bump_options{}, malloc_source>>, malloc_source>>;
    const std::string text = describe<global<heap>>();
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 6);
    BOOST_TEST(text.starts_with("global: no state; aligns to 2^"));
    for (const char* const line :
         {"\n  locking: ", "\n    segregate: ", "\n      bump: ",
          "\n        malloc_source: no state", "\n      malloc_source: no state"}) {
        BOOST_TEST(text.find(line) != text.npos, line);
    }
}

BOOST_AUTO_TEST_CASE(tells_facts_and_abilities_and_no_others) {
    const std::string node = describe<bitmap<layout{40, 8}, malloc_source>>();
    const std::string first = node.substr(0, node.find('\n'));
    BOOST_TEST(first == "bitmap: 32 bytes; aligns to 2^3; nodes of 40 bytes; to " +
                            std::to_string(bitmap<layout{40, 8}, malloc_source>::max_size) +
                            " bytes; rounds, batches, trims, accounts");
    BOOST_TEST(describe<single_threaded<malloc_source>>().find("; for one thread") !=
               std::string::npos);
    BOOST_TEST(describe<checked<malloc_source>>().find("owns") != std::string::npos);
}
