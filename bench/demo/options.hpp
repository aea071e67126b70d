// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The command line.

#include <string>
#include <variant>
#include <vector>

namespace alloy::bench {

/// How the program ends.
enum class status : int { good = 0, bad_request = 1, answers_differ = 2, run_failed = 3 };

struct options {
    std::string directory; ///< Empty: the compiler's own headers.
    int rounds = 0;        ///< 0: as many as the time allows.
    bool quick = false;
    bool json = false;
    std::vector<std::string> only; ///< Parts of names; empty: everybody.
};

/// The options, or the exit status if the program has nothing more to do.
[[nodiscard]] std::variant<options, int> parse(int argc, char** argv);

} // namespace alloy::bench
