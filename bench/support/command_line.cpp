// SPDX-License-Identifier: BSL-1.0

#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

namespace alloy::bench {

void add_to(CLI::App& app, common_options& chosen, std::string_view rounds) {
    app.add_option("--rounds", chosen.rounds,
                   fmt::format("Runs of each contender; by default {}", rounds))
        ->check(CLI::Range(1, 1000))
        ->option_text("N");
    app.add_flag("--quick", chosen.quick,
                 "One short run of each, to see that it works; no figures to quote");
    app.add_option("--only", chosen.only,
                   "Only contenders whose names contain NAME (may be repeated), and the first, "
                   "which all are compared with")
        ->allow_extra_args(false)
        ->option_text("NAME ...");
    app.add_flag("--json", chosen.json, "Print JSON");
}

std::optional<int> parse(CLI::App& app, int argc, char** argv) {
    try {
        app.parse(argc, argv);
        return {};
    } catch (const CLI::ParseError& error) {
        return static_cast<int>(app.exit(error) == 0 ? status::good : status::bad_request);
    }
}

} // namespace alloy::bench
