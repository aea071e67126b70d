// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::task` and `alloy::bench::outcome`: what a run is asked for and what it
/// yields.

#include <cstdint>

namespace alloy::bench {

/// How much to do.
struct task {
    unsigned threads;      ///< That use the allocator.
    std::uint64_t divisor; ///< Of the operations that a full run does.

    /// What each thread does of `all` operations.
    [[nodiscard]] std::uint64_t share(std::uint64_t all) const noexcept {
        return all / divisor / threads;
    }
};

/// What a run found out.
struct outcome {
    double value = 0;            ///< In the unit of the workload; less is better.
    std::uint64_t checksum = 0;  ///< Of what was read from the blocks: equal for all allocators.
    std::uint64_t alignment = 0; ///< That small blocks have in common; bytes.
};

} // namespace alloy::bench
