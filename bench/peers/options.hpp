// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The command line.

#include <string>
#include <variant>
#include <vector>

namespace alloy::bench {

/// How the program ends.
enum class status : int { good = 0, bad_request = 1, objections = 2, base_failed = 3 };

struct options {
    int rounds = 7;
    bool quick = false;
    bool json = false;
    std::string html;                ///< Where a page is written too; empty: nowhere.
    std::vector<std::string> only;   ///< Parts of contenders' names; empty: everybody.
    std::vector<std::string> tables; ///< Names of tables; empty: all.
};

/// The options, or the exit status if the program has nothing more to do.
[[nodiscard]] std::variant<options, int> parse(int argc, char** argv);

} // namespace alloy::bench
