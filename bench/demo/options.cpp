// SPDX-License-Identifier: BSL-1.0

#include "options.hpp"

#include <CLI/CLI.hpp>

#include <optional>

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
    options chosen{{.rounds = 0}, {}}; // 0: as many as the time allows
    CLI::App app(about, "demo");
    app.footer(footer);
    app.add_option(
        "directory", chosen.directory,
        "What to index; by default the standard headers of the compiler that built this");
    add_to(app, chosen, "what fits in a minute");
    if (const std::optional<int> done = parse(app, argc, argv)) { return *done; }
    return chosen;
}

} // namespace alloy::bench
