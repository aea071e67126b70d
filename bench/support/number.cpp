// SPDX-License-Identifier: BSL-1.0

#include "number.hpp"

#include <fmt/core.h>

#include <cmath>

namespace alloy::bench {
namespace {

int decimals_of(double value) {
    const double size = std::abs(value);
    return size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
}

} // namespace

std::string three_digits(double value) { return fmt::format("{:.{}f}", value, decimals_of(value)); }

std::string with_spread(const figure& of, bool unicode) {
    return three_digits(of.median) + spread_of(of, unicode);
}

std::string spread_of(const figure& of, bool unicode) {
    std::string digits = fmt::format("{:.{}f}", of.spread, decimals_of(of.median));
    if (digits.starts_with("0.")) { digits.erase(0, 1); }
    return (unicode ? "±" : "+-") + digits;
}

} // namespace alloy::bench
