// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief How many bytes are near.

#include <alloy/core/config.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI::detail {

/// About what a core's second-level cache holds. While no more of a size is live, the newest free
/// block is the best; from then on, the one that lies behind the last (ADR 21).
inline constexpr std::size_t near_bytes = std::size_t{2} << 20U;

} // namespace alloy::inline ALLOY_ABI::detail
