// SPDX-License-Identifier: BSL-1.0

#include "agreement.hpp"
#include "contender.hpp"
#include "experiment.hpp"
#include "options.hpp"
#include "report.hpp"
#include "run.hpp"
#include "support/progress.hpp"
#include "support/provenance.hpp"
#include "support/terminal.hpp"
#include "workload.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace alloy::bench {
namespace {

std::vector<cell> cells_of(const std::vector<std::string>& tables) {
    std::vector<cell> all;
    for (const workload& each : workloads()) {
        if (!tables.empty() && std::ranges::count(tables, each.table) == 0) { continue; }
        for (const unsigned threads : each.threads) { all.push_back({&each, threads}); }
    }
    return all;
}

// Closed if there is no name.
std::ofstream opened(const std::string& name) {
    std::ofstream page;
    if (!name.empty()) {
        page.open(name);
        if (!page) { throw std::runtime_error("cannot write " + name); }
    }
    return page;
}

status measure(const options& by) {
    constexpr std::uint64_t quick_divisor = 20;
    const roster who = roster_of(by.only);
    for (const std::string& each : who.missing) { fmt::print(stderr, "bench_peers: {}\n", each); }
    const int rounds = by.quick ? 1 : by.rounds;
    std::ofstream page = opened(by.html); // before the work that would be lost
    std::optional<earlier_report> before;
    if (!by.against.empty()) { before = read_report(by.against, who.present.front().who->name); }
    const provenance made = provenance_of_this();
    progress shown(stderr_is_terminal());
    const experiment runs =
        conduct(who.present, cells_of(by.tables), rounds, by.quick ? quick_divisor : 1, shown);
    shown.erase();
    report result{.made = made, .who = &who, .runs = &runs, .rounds = rounds, .with_earlier = {}};
    if (before) { result.with_earlier = compare(runs, *before); }
    fmt::print("{}", by.json ? json_of(result) : text_of(result, look_of_stdout()));
    if (page.is_open() && !(page << html_of(result) << std::flush)) {
        throw std::runtime_error("cannot write " + by.html);
    }
    for (const std::string& each : runs.objections) {
        fmt::print(stderr, "bench_peers: {}\n", each);
    }
    return runs.objections.empty() ? status::good : status::objections;
}

int start(int argc, char** argv) {
    if (const std::optional<int> served = serve({argv, static_cast<std::size_t>(argc)})) {
        return *served;
    }
    const std::variant<options, int> asked = parse(argc, argv);
    if (const int* const done = std::get_if<int>(&asked)) { return *done; }
    try {
        return static_cast<int>(measure(std::get<options>(asked)));
    } catch (const run_failed& error) {
        fmt::print(stderr, "bench_peers: {}\n", error.what());
        return static_cast<int>(status::base_failed);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_peers: {}\n", error.what());
        return static_cast<int>(status::bad_request);
    }
}

} // namespace
} // namespace alloy::bench

int main(int argc, char** argv) { return alloy::bench::start(argc, argv); }
