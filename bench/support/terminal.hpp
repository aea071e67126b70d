// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What the standard streams can show.

#include <cstddef>

namespace alloy::bench {

/// How to write to a stream.
struct look {
    std::size_t columns = 100;
    bool colours = false;
    bool unicode = false;
};

/// Asks the terminal, the locale and NO_COLOR.
[[nodiscard]] look look_of_stdout();

/// True if messages on stderr are read by a person, now.
[[nodiscard]] bool stderr_is_terminal();

} // namespace alloy::bench
