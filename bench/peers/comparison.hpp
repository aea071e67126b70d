// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The questions that the benchmark was written for, answered from its figures.

#include "experiment.hpp"
#include "support/figure.hpp"

#include <string_view>
#include <vector>

namespace alloy::bench {

/// How `rival` compares with `who` in a cell: what it takes over what `who` takes, so that more
/// than 1 is in favour of `who`.
struct comparison {
    cell in;
    const contender* who;
    const contender* rival;
    figure ratio;
};

/// Each of alloy's contenders with the best of all others that may do what it may: who serves any
/// thread is not compared with who serves one alone.
[[nodiscard]] std::vector<comparison> with_the_best_others(const experiment& of);

/// Each of alloy's contenders with the fastest lock, where there is more than one thread.
[[nodiscard]] std::vector<comparison> with_the_best_lock(const experiment& of);

/// What a release by the consumer takes over one by the producer.
struct remote_cost {
    unsigned threads;
    const contender* who;
    figure ratio;
};
[[nodiscard]] std::vector<remote_cost> remote_costs(const experiment& of);

} // namespace alloy::bench
