// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Where and how the figures came about.

#include <string>

namespace alloy::bench {

struct provenance {
    std::string compiler;
    std::string library; ///< The standard library's.
    std::string build;   ///< CMake's build type and flags.
    std::string commit;  ///< What git calls the tree; "unknown" if nobody said.
    bool optimised;
    std::string processor;
    unsigned cores;
    double load; ///< Processes that waited or ran in the last minute, before the first run.
};

[[nodiscard]] provenance provenance_of_this();

} // namespace alloy::bench
