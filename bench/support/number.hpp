// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Numbers as people read them: three digits, no more.

#include "figure.hpp"

#include <string>

namespace alloy::bench {

/// 1234 -> "1234", 123.4 -> "123", 12.34 -> "12.3", 1.234 -> "1.23".
[[nodiscard]] std::string three_digits(double value);

/// The same with the spread behind it, with as many decimals: "12.3±0.4", "1.23±.05".
[[nodiscard]] std::string with_spread(const figure& of, bool unicode);

/// The spread alone, as with_spread() writes it.
[[nodiscard]] std::string spread_of(const figure& of, bool unicode);

} // namespace alloy::bench
