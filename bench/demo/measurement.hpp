// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What one run of the program yields: plain numbers, one struct for each kind of run.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace alloy::bench {

/// The parts of a run that are timed, in the order in which they happen.
enum class phase : std::uint8_t { build, query, age, walk, free };

inline constexpr std::size_t phases = 5;
inline constexpr std::array<std::string_view, phases> phase_names{"build", "query", "age", "walk",
                                                                  "free"};

/// A timed run.
struct measurement {
    std::array<double, phases> seconds{};         ///< Of processor time.
    std::array<std::uint64_t, phases> answered{}; ///< Bytes of answers written by the phase's end.
    std::int64_t built_bytes = 0;                 ///< Resident bytes that building the index added.
    std::int64_t peak_bytes = 0;                  ///< The most that was added at any time.
};

/// An untimed run that counts requests: what the containers hold after building.
struct demand {
    std::int64_t bytes = 0;  ///< Requested and live.
    std::int64_t blocks = 0; ///< Live.
};

} // namespace alloy::bench
