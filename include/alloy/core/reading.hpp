// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::reading`: what a gauge shows.

#include <alloy/core/config.hpp>

#include <cstdint>

namespace alloy::inline ALLOY_ABI {

/// How much a `counted` counts, each including what stands before it.
enum class gauge : unsigned char {
    none,   ///< Nothing: as if it were not there.
    blocks, ///< Blocks.
    bytes,  ///< Bytes asked and granted, and, for one thread, the most that were out.
    sizes   ///< Blocks of each size, as best_classes() takes them.
};

/// What a `counted` does.
struct counted_options {
    gauge reads = gauge::blocks;
    bool shared = false; ///< Counts what all threads do; upstream is thread-safe then.
};

/// Blocks that took one way, and their bytes.
struct traffic {
    std::uint64_t blocks = 0;
    std::uint64_t requested = 0; ///< Bytes that were asked for.
    std::uint64_t granted = 0;   ///< Bytes that upstream made usable for them.

    friend constexpr bool operator==(const traffic&, const traffic&) = default;
};

/// What a `counted` shows.
struct reading {
    traffic came;           ///< All that were ever handed out.
    traffic went;           ///< Those of them that came back.
    std::uint64_t peak = 0; ///< The most bytes granted at once; 0 where nobody looks.

    /// What is out.
    [[nodiscard]] constexpr traffic live() const noexcept {
        return {came.blocks - went.blocks, came.requested - went.requested,
                came.granted - went.granted};
    }

    friend constexpr bool operator==(const reading&, const reading&) = default;
};

} // namespace alloy::inline ALLOY_ABI
