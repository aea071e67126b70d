// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief How the numbers of a run travel from the process that ran it.

#include "measurement.hpp"

#include <nlohmann/json.hpp>

namespace alloy::bench {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(measurement, seconds, answered, built_bytes, peak_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(demand, bytes, blocks)

} // namespace alloy::bench
