// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The memory of this process as the kernel counts it.

#include <cstdint>

namespace alloy::bench {

/// Bytes resident now.
[[nodiscard]] std::int64_t resident_bytes();

/// The most bytes that were ever resident.
[[nodiscard]] std::int64_t peak_resident_bytes();

} // namespace alloy::bench
