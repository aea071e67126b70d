// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief How far a run has come towards goals.def.

#include "experiment.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace alloy::bench {

/// A goal, and what was reached of it.
struct verdict {
    std::string_view title;
    std::string_view name; ///< The preset's.
    std::string_view measure;
    double reached;
    double wanted;
    bool at_most;       ///< Whether less is better.
    std::string detail; ///< The row that was furthest from it, or how many there are.

    [[nodiscard]] bool holds() const noexcept {
        return at_most ? reached <= wanted : reached >= wanted;
    }
};

/// Those goals of which every row was measured.
[[nodiscard]] std::vector<verdict> verdicts(const experiment& of);

} // namespace alloy::bench
