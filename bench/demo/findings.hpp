// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Plain sentences about the figures; first of all where alloy loses.

#include "summary.hpp"

#include <string>
#include <vector>

namespace alloy::bench {

/// @pre The first row is the base of the ratios.
[[nodiscard]] std::vector<std::string> findings(const std::vector<row>& rows);

} // namespace alloy::bench
