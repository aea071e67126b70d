// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model::options` and `result`: what an exploration is told, and what it
/// tells.

#include "site.hpp"

#include <cstddef>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace alloy::test::model {

/// How far to look.
struct options {
    change with{};                      ///< What is otherwise than written.
    std::size_t executions = 5'000'000; ///< At most.
    std::size_t steps = 250;            ///< Operations of one execution, at most.
    std::size_t spurious = 0;           ///< Failures of compare_exchange_weak that could succeed.
};

/// What was found.
struct result {
    std::string violation;      ///< The first, and how it came about; empty if there is none.
    std::size_t executions = 0; ///< As many ways to get to a new state, or to the end.
    std::size_t states = 0;
    std::size_t cut = 0;   ///< Executions left in the middle, for `steps` or since they waited.
    bool complete = false; ///< True if nothing was left out; a thread's waiting is not.
    std::set<std::string> outcomes; ///< All that model::outcome() was told.
    std::vector<site> sites;        ///< All orders that were in use.

    friend std::ostream& operator<<(std::ostream& out, const result& each) {
        return out << each.executions << " executions, " << each.states << " states, " << each.cut
                   << " cut" << (each.complete ? ", which is all: " : ": ")
                   << (each.violation.empty() ? "no violation" : each.violation);
    }
};

} // namespace alloy::test::model
