// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The tables that people see.

#include "../demo/figure.hpp"
#include "../demo/ink.hpp"
#include "../demo/terminal.hpp"
#include "experiment.hpp"
#include "workload.hpp"

#include <string>

namespace alloy::bench {

inline constexpr double full_bar = 4; ///< A ratio.

/// Green and red only where the spread leaves no doubt.
[[nodiscard]] demo::colour colour_of(const demo::figure& ratio);

/// Two lines for each contender: figures, and below them the ratios with their bars. Empty if no
/// column of the table was measured.
[[nodiscard]] std::string grid(const table& which, const experiment& of, const demo::look& style);

} // namespace alloy::bench
