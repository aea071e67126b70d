// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What every comparison can be asked for on the command line.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace alloy::bench {

/// How a comparison ends.
enum class status : int {
    good = 0,
    bad_request = 1, ///< Bad usage, or nothing to run.
    objections = 2,  ///< Answers differ, or a contender's run failed.
    base_failed = 3, ///< A run of what all are compared with failed.
};

struct common_options {
    int rounds;
    bool quick = false;
    bool json = false;
    std::vector<std::string> only = {}; ///< Parts of contenders' names; empty: everybody.
};

/// Adds them to `app`, which then refers to `chosen`. @param rounds How many there are by default.
void add_to(CLI::App& app, common_options& chosen, std::string_view rounds);

/// @return The exit status if the program has nothing more to do.
[[nodiscard]] std::optional<int> parse(CLI::App& app, int argc, char** argv);

} // namespace alloy::bench
