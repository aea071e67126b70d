// SPDX-License-Identifier: BSL-1.0

#include "options.hpp"

#include "workload.hpp"

#include <CLI/CLI.hpp>

#include <optional>

namespace alloy::bench {
namespace {

constexpr const char* about =
    R"(Threads that allocate and release, alone, for each other and through queues; one thread with blocks of
many sizes, with containers, new and aged, and in whole programs; memory; latency: the same work under every allocator, each run in a process of its own.)";

constexpr const char* footer =
    R"(Exit status: 0 all runs read the same from their blocks; 1 bad usage or no program to run; 2 checksums
differ, or a contender's run failed; 3 a run of std::allocator failed.
Environment: NO_COLOR switches colours off. A contender that is not on this machine is named on stderr.
JSON: format, clock, provenance, rounds, base, missing, columns[] (workload, table, threads, unit,
contenders[] (name, role, threads, alignment, value, ratio, samples)), against_others[] and
against_locks[] (workload, threads, name, rival, ratio), remote_over_local[] (threads, name, ratio), goals[] (title, name,
measure, reached, wanted, at_most, holds, detail), agreement with an earlier report, if one
was named (commit, compared, agree, typical_change, apart[] (workload, threads, name, before, now)),
objections; figures are {median, spread}, a spread is half of the interquartile range. A ratio of more than 1 is faster, but for remote_over_local.)";

} // namespace

std::variant<options, int> parse(int argc, char** argv) {
    options chosen{{.rounds = 7}, {}, {}, {}};
    std::vector<std::string> names;
    for (const table& each : tables()) { names.emplace_back(each.id); }
    CLI::App app(about, "bench_peers");
    app.footer(footer);
    app.add_option("table", chosen.tables, "What to measure; by default all")
        ->check(CLI::IsMember(names));
    add_to(app, chosen, "7");
    app.add_option("--html", chosen.html, "Write a page with charts as well")->option_text("FILE");
    app.add_option("--against", chosen.against,
                   "Say how far this agrees with an earlier report in JSON")
        ->option_text("FILE");
    if (const std::optional<int> done = parse(app, argc, argv)) { return *done; }
    return chosen;
}

} // namespace alloy::bench
