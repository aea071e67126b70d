// SPDX-License-Identifier: BSL-1.0

#include "options.hpp"

#include <CLI/CLI.hpp>

namespace alloy::bench {
namespace {

constexpr const char* about =
    R"(Indexes every identifier of a directory with standard containers, ages the index, walks and
frees it; the same program under every allocator, each run in a process of its own.)";

constexpr const char* footer =
    R"(Exit status: 0 all runs gave the same answers; 1 bad usage, no corpus, or a build without
optimisation; 2 answers differ; 3 a run failed.
Environment: NO_COLOR switches colours off.
JSON: format, clock, provenance, corpus, rounds, base, contenders[] (name, role, phases{build, query, age,
walk, free}{seconds, ratio, samples}, peak_bytes, waste_bytes_per_block, requested_bytes, blocks),
findings, objections; figures are {median, spread}, a spread is half of the interquartile range.)";

} // namespace

std::variant<options, int> parse(int argc, char** argv) {
    options chosen;
    CLI::App app(about, "demo");
    app.footer(footer);
    app.add_option(
        "directory", chosen.directory,
        "What to index; by default the standard headers of the compiler that built this");
    app.add_option("--runs", chosen.rounds,
                   "Runs of each allocator; by default what fits in a minute")
        ->check(CLI::Range(1, 1000))
        ->option_text("N");
    app.add_flag("--quick", chosen.quick,
                 "One run of each, to see that it works; no figures to quote");
    app.add_option("--only", chosen.only,
                   "Only allocators whose names contain NAME (may be repeated), and the first, "
                   "which all are compared with")
        ->allow_extra_args(false)
        ->option_text("NAME ...");
    app.add_flag("--json", chosen.json, "Print JSON");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? static_cast<int>(status::good)
                                    : static_cast<int>(status::bad_request);
    }
    return chosen;
}

} // namespace alloy::bench
