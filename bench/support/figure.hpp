// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::figure`: a median and how far the runs lie apart.

#include <vector>

namespace alloy::bench {

struct figure {
    double median = 0;
    double spread = 0; ///< Half of the interquartile range.

    [[nodiscard]] double low() const noexcept { return median - spread; }
    [[nodiscard]] double high() const noexcept { return median + spread; }
};

/// Sums up a sample. @pre It is not empty.
[[nodiscard]] figure figure_of(std::vector<double> sample);

} // namespace alloy::bench
