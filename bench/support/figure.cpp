// SPDX-License-Identifier: BSL-1.0

#include "figure.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace alloy::bench {
namespace {

// Between two values of a sorted sample the quantile moves linearly.
double quantile(const std::vector<double>& sorted, double part) {
    const double at = part * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return std::lerp(sorted[below], sorted[above], at - static_cast<double>(below));
}

} // namespace

figure figure_of(std::vector<double> sample) {
    std::ranges::sort(sample);
    return {quantile(sample, 0.5), (quantile(sample, 0.75) - quantile(sample, 0.25)) / 2};
}

} // namespace alloy::bench
