// SPDX-License-Identifier: BSL-1.0

#include "contender.hpp"
#include "corpus.hpp"
#include "experiment.hpp"
#include "findings.hpp"
#include "image.hpp"
#include "options.hpp"
#include "report.hpp"
#include "run.hpp"
#include "summary.hpp"
#include "support/progress.hpp"
#include "support/provenance.hpp"
#include "support/terminal.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace alloy::bench {
namespace {

std::vector<const contender*> chosen(const options& by) {
    std::vector<const contender*> who;
    for (const contender& each : contenders()) {
        const bool named = std::ranges::any_of(
            by.only, [&](const std::string& part) { return each.name.find(part) != part.npos; });
        if (who.empty() || by.only.empty() || named) { who.push_back(&each); }
    }
    return who;
}

budget budget_of(const options& by) {
    if (by.rounds > 0) { return {by.rounds, by.rounds, 0}; }
    return by.quick ? budget{1, 1, 0} : budget{2, 15, 54};
}

status demonstrate(const options& by) {
    const provenance made = provenance_of_this();
    if (!made.optimised) {
        if (!by.quick) {
            throw std::runtime_error("built without optimisation, which measures nothing; "
                                     "build with CMAKE_BUILD_TYPE=Release, or give --quick");
        }
        fmt::print(stderr, "demo: built without optimisation: the figures mean nothing\n");
    }
    progress shown(stderr_is_terminal());
    shown.step("reading", by.directory.empty() ? "the standard headers" : by.directory);
    const corpus texts =
        read_corpus(by.directory.empty() ? standard_headers().string() : by.directory);
    const image split = write_image(texts);
    const experiment runs = conduct(chosen(by), split.file.get(), budget_of(by), shown);
    shown.erase();

    report result{.made = made,
                  .texts = &texts,
                  .identifiers = split.identifiers,
                  .runs = &runs,
                  .rows = summarise(runs.all),
                  .findings = {}};
    result.findings = findings(result.rows);
    fmt::print("{}", by.json ? json_of(result) : text_of(result, look_of_stdout()));
    for (const std::string& each : runs.objections) { fmt::print(stderr, "demo: {}\n", each); }
    return runs.objections.empty() ? status::good : status::objections;
}

int run(int argc, char** argv) {
    if (const std::optional<int> served = serve({argv, static_cast<std::size_t>(argc)})) {
        return *served;
    }
    const std::variant<options, int> asked = parse(argc, argv);
    if (const int* const done = std::get_if<int>(&asked)) { return *done; }
    try {
        return static_cast<int>(demonstrate(std::get<options>(asked)));
    } catch (const run_failed& error) {
        fmt::print(stderr, "demo: {}\n", error.what());
        return static_cast<int>(status::base_failed);
    } catch (const std::exception& error) {
        fmt::print(stderr, "demo: {}\n", error.what());
        return static_cast<int>(status::bad_request);
    }
}

} // namespace
} // namespace alloy::bench

int main(int argc, char** argv) { return alloy::bench::run(argc, argv); }
