// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What the runs of an experiment come to, one row for each contender.

#include "experiment.hpp"
#include "measurement.hpp"
#include "support/figure.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace alloy::bench {

/// The figures of one contender.
struct row {
    const contender* who;
    std::array<figure, phases> seconds;
    std::array<figure, phases> ratio; ///< The base's time over this one's, round by round.
    figure peak;                      ///< Bytes.
    figure waste;                     ///< Bytes a node: resident after building, less requested.
    demand asked;

    [[nodiscard]] const figure& time_of(phase which) const {
        return seconds[static_cast<std::size_t>(which)];
    }
    [[nodiscard]] const figure& ratio_of(phase which) const {
        return ratio[static_cast<std::size_t>(which)];
    }
};

/// One row for each series, in the same order; ratios are to the first.
[[nodiscard]] std::vector<row> summarise(const std::vector<series>& all);

} // namespace alloy::bench
