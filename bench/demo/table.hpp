// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The table that people see.

#include "summary.hpp"
#include "support/terminal.hpp"

#include <string>
#include <vector>

namespace alloy::bench {

/// Two lines for each row: times, and below them the ratios with their bars.
[[nodiscard]] std::string table(const std::vector<row>& rows, const look& style);

} // namespace alloy::bench
