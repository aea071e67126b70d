// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Stands in for heaptrack and Tracy: defines what `alloy::hooked` looks for, and keeps what
/// it is told. Link support/tools.cpp.

#include <cstddef>
#include <vector>

namespace alloy::test {

/// What a tool was told: a block with so many bytes came, or went.
struct told {
    const void* at;
    std::size_t size; ///< 0 if it went.

    friend bool operator==(told, told) = default;
};

extern std::vector<told> heaptrack_told;
extern std::vector<told> tracy_told;
extern int tracy_unguarded; ///< Calls that would not look first if the profiler is there.

} // namespace alloy::test
