// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The tables that people see.

#include "experiment.hpp"
#include "support/figure.hpp"
#include "support/ink.hpp"
#include "support/terminal.hpp"
#include "workload.hpp"

#include <string>

namespace alloy::bench {

inline constexpr double full_bar = 4; ///< A ratio.

/// Green and red only where the spread leaves no doubt.
[[nodiscard]] colour colour_of(const figure& ratio);

/// Two lines for each contender: figures, and below them the ratios with their bars. Empty if no
/// column of the table was measured.
[[nodiscard]] std::string grid(const table& which, const experiment& of, const look& style);

} // namespace alloy::bench
