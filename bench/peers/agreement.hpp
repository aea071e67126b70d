// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief How far a run agrees with an earlier one, of which there is a report.

#include "contender.hpp"
#include "experiment.hpp"
#include "support/figure.hpp"
#include "workload.hpp"

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace alloy::bench {

/// What a report in JSON says of the ratios to the base.
struct earlier_report {
    struct place {
        std::string workload;
        unsigned threads;
        std::string name; ///< The contender's.
        auto operator<=>(const place&) const = default;
    };

    std::string commit;
    std::map<place, figure> ratios;
};

/// @throws std::runtime_error There is no such file, or it is no report of ratios to `base` in
///                            rounds enough for a spread.
[[nodiscard]] earlier_report read_report(const std::string& file, std::string_view base);

/// One ratio, in both runs.
struct pair_of_ratios {
    cell in;
    const contender* who;
    figure before;
    figure now;

    /// Whether the spreads reach each other. Where chance alone, and normally distributed, lies
    /// between two runs of seven rounds, seven of eight do.
    [[nodiscard]] bool agree() const noexcept {
        return std::abs(now.median - before.median) <= now.spread + before.spread;
    }
};

struct agreement {
    std::string commit;                ///< Of the earlier run.
    std::size_t compared;              ///< Ratios that both runs have, but for the base's.
    std::vector<pair_of_ratios> apart; ///< Those that do not agree.
    double typical_change;             ///< The median of all, as a part of what was before.

    /// Of those compared, in percent.
    [[nodiscard]] double percent() const noexcept {
        return 100.0 * static_cast<double>(compared - apart.size()) /
               static_cast<double>(std::max<std::size_t>(compared, 1));
    }
};

[[nodiscard]] agreement compare(const experiment& now, const earlier_report& before);

} // namespace alloy::bench
