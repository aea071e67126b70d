// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model::suite`: programs that together show a core to be right.

#include "support/unit_test.hpp"

#include "support/memory_model.hpp"

namespace alloy::test::model {

/// What a core is held to by `Programs`.
template <class... Programs>
struct suite {
    /// No execution of any has a violation, and none is left out.
    static void holds(const options& how = {}) {
        const auto hold = [](const result& found) {
            BOOST_TEST_MESSAGE(found);
            BOOST_TEST(found.violation == "");
            BOOST_TEST((found.complete && found.cut == 0));
        };
        (hold(explore<Programs>(how)), ...);
    }

    /// As weak as is right: a violation follows wherever an order is weaker.
    static void needs_every_order() { notices(inspect<Programs...>(weakened)); }

    /// A violation follows wherever an operation is not what it says.
    static void finds_every_fault() { notices(inspect<Programs...>(broken)); }

private:
    static void notices(const inspection& sum) {
        BOOST_TEST_MESSAGE(sum);
        BOOST_TEST((sum.sound && sum.found != 0 && sum.unnoticed.empty()), sum);
    }
};

} // namespace alloy::test::model
