// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Child processes.

#include <span>
#include <string>

namespace alloy::bench {

/// Starts this program again and waits for it; open files without FD_CLOEXEC are inherited.
/// @return What it printed.
/// @throws std::runtime_error It ended by a signal or with a failure; says which.
[[nodiscard]] std::string output_of_self(std::span<const std::string> arguments);

} // namespace alloy::bench
