// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief One run in a process of its own: both sides of it.
///
/// The program starts itself again with an internal option; the new process maps the corpus, runs
/// one contender, writes its answers to a file that it inherited, and prints its numbers as JSON.

#include "contender.hpp"
#include "measurement.hpp"

#include <optional>
#include <span>
#include <stdexcept>

namespace alloy::bench {

/// A run that came to no result; says whose and why.
struct run_failed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Runs `who` on the clock. @throws run_failed
[[nodiscard]] measurement run_timed(const contender& who, int image, int answers);

/// Runs `who` to count its requests. @throws run_failed
[[nodiscard]] demand run_counted(const contender& who, int image);

/// If this process was started by one of the above: does its work.
/// @return The exit status, or nothing if it was started by somebody else.
[[nodiscard]] std::optional<int> serve(std::span<char* const> arguments);

} // namespace alloy::bench
