// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief One run in a process of its own.
///
///     bench_peers --> bench_peers --internal-run --exec--> peers_<id> --> JSON
///                       sets LD_PRELOAD                       the one that is measured

#include "contender.hpp"
#include "outcome.hpp"
#include "workload.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>

namespace alloy::bench {

/// A run that came to no result; says whose and why.
struct run_failed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// @throws run_failed
[[nodiscard]] outcome run(const entrant& of, const cell& in, std::uint64_t divisor);

/// If this process was started by run(): becomes the program to measure.
/// @return The exit status if it cannot, or nothing if it was started by somebody else.
[[nodiscard]] std::optional<int> serve(std::span<char* const> arguments);

} // namespace alloy::bench
