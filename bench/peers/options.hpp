// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The command line.

#include "support/command_line.hpp"

#include <string>
#include <variant>
#include <vector>

namespace alloy::bench {

struct options : common_options {
    std::string html;                ///< Where a page is written too; empty: nowhere.
    std::string against;             ///< An earlier report to compare with; empty: none.
    std::vector<std::string> tables; ///< Names of tables; empty: all.
};

/// The options, or the exit status if the program has nothing more to do.
[[nodiscard]] std::variant<options, int> parse(int argc, char** argv);

} // namespace alloy::bench
