// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The whole comparison: which runs, in which order, and how many.

#include "contender.hpp"
#include "measurement.hpp"
#include "support/progress.hpp"

#include <string>
#include <vector>

namespace alloy::bench {

/// What limits an experiment.
struct budget {
    int least_rounds;
    int most_rounds;
    double seconds; ///< No round begins that would end after this, beyond the least.
};

/// Every run of one contender; the runs of one round have the same index in all series.
struct series {
    const contender* who;
    demand asked;
    std::vector<measurement> runs;
};

struct experiment {
    std::vector<series> all; ///< The base first.
    std::vector<std::string> objections;
};

/// Runs the contenders in rounds, in another order each time, each run in its own process.
/// @throws run_failed
[[nodiscard]] experiment conduct(const std::vector<const contender*>& who, int image,
                                 const budget& within, progress& shown);

} // namespace alloy::bench
