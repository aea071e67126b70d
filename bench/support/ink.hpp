// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Text on a terminal: padded by what one sees, coloured where that is wanted, and bars.

#include "terminal.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace alloy::bench {

enum class colour : std::uint8_t { none, dim, bold, good, bad };

/// Columns that UTF-8 text takes if each character takes one.
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// `text`, cut or padded to `columns`; the padding goes to the left if `to_the_right`.
[[nodiscard]] std::string fit(std::string_view text, std::size_t columns, bool to_the_right);

/// `text` between the codes of a colour, or as it is.
[[nodiscard]] std::string paint(std::string_view text, colour in, const look& style);

/// A bar that fills `columns` when `part` is 1, and ends in an arrow beyond that.
[[nodiscard]] std::string bar(double part, std::size_t columns, const look& style);

} // namespace alloy::bench
