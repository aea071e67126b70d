// SPDX-License-Identifier: BSL-1.0

#include "number.hpp"

#include <fmt/core.h>

#include <cmath>

namespace alloy::demo {
namespace {

int decimals_of(double value) {
    const double size = std::abs(value);
    return size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
}

} // namespace

std::string three_digits(double value) { return fmt::format("{:.{}f}", value, decimals_of(value)); }

std::string with_spread(const figure& of, bool unicode) {
    return fmt::format("{} {}{:.{}f}", three_digits(of.median), unicode ? "±" : "+-", of.spread,
                       decimals_of(of.median));
}

} // namespace alloy::demo
