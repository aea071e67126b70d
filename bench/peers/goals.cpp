// SPDX-License-Identifier: BSL-1.0

#include "goals.hpp"

#include "comparison.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace alloy::bench {
namespace {

using names = std::vector<std::string_view>;

struct goal {
    std::string_view title;
    std::string_view preset;
    double least;
    double mean;
    names rows;
};

struct limit {
    std::string_view title;
    std::string_view preset;
    double most;
    std::string_view workload;
};

struct growth {
    std::string_view title;
    std::string_view preset;
    double most;
    std::string_view floor;
    std::string_view first;
    std::string_view second;
};

bool is_among(const cell& in, const names& rows) {
    return std::ranges::count(rows, in.what->table) + std::ranges::count(rows, in.what->id) > 0;
}

bool all_measured(const experiment& of, const names& rows) {
    return std::ranges::all_of(rows, [&](std::string_view row) {
        return std::ranges::any_of(of.columns,
                                   [&](const column& each) { return is_among(each.of, {row}); });
    });
}

const contender* find(std::string_view program) {
    const auto all = contenders();
    return &*std::ranges::find(all, program, &contender::program);
}

// The median of a contender in a workload of one thread; no number if it was not measured.
double value_of(const experiment& of, std::string_view workload, std::string_view preset) {
    for (const column& each : of.columns) {
        if (each.of.what->id != workload) { continue; }
        const series* const found = each.find(find(preset));
        if (found != nullptr) { return figure_of(found->values).median; }
    }
    return std::nan("");
}

void judge(const goal& by, const experiment& of, std::vector<verdict>& all) {
    if (!all_measured(of, by.rows)) { return; }
    const contender* const preset = find(by.preset);
    const comparison* worst = nullptr;
    const std::vector<comparison> compared = with_the_best_others(of);
    std::size_t rows = 0;
    std::size_t won = 0;
    double logarithms = 0;
    for (const comparison& each : compared) {
        if (each.who != preset || !is_among(each.in, by.rows)) { continue; }
        const double ratio = each.ratio.median;
        ++rows;
        won += ratio >= 1 ? 1U : 0U;
        logarithms += std::log(ratio);
        if (worst == nullptr || ratio < worst->ratio.median) { worst = &each; }
    }
    if (rows == 0) { return; }
    all.push_back({by.title, preset->name, "least", worst->ratio.median, by.least, false,
                   fmt::format("{}; {}", name_of(worst->in), worst->rival->name)});
    all.push_back({by.title, preset->name, "mean", std::exp(logarithms / static_cast<double>(rows)),
                   by.mean, false, fmt::format("first in {} of {} rows", won, rows)});
}

void judge(const limit& by, const experiment& of, std::vector<verdict>& all) {
    const double value = value_of(of, by.workload, by.preset);
    if (std::isnan(value)) { return; }
    all.push_back({by.title, find(by.preset)->name, "value", value, by.most, true, ""});
}

void judge(const growth& by, const experiment& of, std::vector<verdict>& all) {
    const auto times = [&](std::string_view who) {
        return value_of(of, by.second, who) / value_of(of, by.first, who);
    };
    const double preset = times(by.preset);
    const double floor = times(by.floor);
    if (std::isnan(preset / floor)) { return; }
    all.push_back({by.title, find(by.preset)->name, "over floor", preset / floor, by.most, true,
                   fmt::format("{:.1f}x; {}: {:.1f}x", preset, find(by.floor)->name, floor)});
}

struct many {
    std::string_view title;
    std::string_view preset;
    unsigned threads;
    double wanted;
};

void judge_lock(const many& by, const experiment& of, std::vector<verdict>& all) {
    std::vector<comparison> rows = with_the_best_lock(of);
    std::erase_if(rows, [&](const comparison& each) {
        return each.who->program != by.preset || each.in.threads != by.threads;
    });
    if (rows.empty()) { return; }
    const auto worst = std::ranges::min_element(
        rows, {}, [](const comparison& each) { return each.ratio.median; });
    all.push_back({by.title, worst->who->name, "least", worst->ratio.median, by.wanted, false,
                   name_of(worst->in)});
}

void judge_remote(const many& by, const experiment& of, std::vector<verdict>& all) {
    for (const remote_cost& each : remote_costs(of)) {
        if (each.who->program != by.preset || each.threads != by.threads) { continue; }
        all.push_back({by.title, each.who->name, "value", each.ratio.median, by.wanted, true,
                       count_of_threads(by.threads)});
    }
}

} // namespace

std::vector<verdict> verdicts(const experiment& of) {
    std::vector<verdict> all;
#define ALLOY_PEERS_GOAL(title, preset, least, mean, ...)                                          \
    judge(goal{title, #preset, least, mean, {__VA_ARGS__}}, of, all);
#define ALLOY_PEERS_LIMIT(title, preset, most, workload)                                           \
    judge(limit{title, #preset, most, workload}, of, all);
#define ALLOY_PEERS_GROWTH(title, preset, most, floor, first, second)                              \
    judge(growth{title, #preset, most, #floor, first, second}, of, all);
#define ALLOY_PEERS_LOCK(title, preset, threads, wanted)                                           \
    judge_lock(many{title, #preset, threads, wanted}, of, all);
#define ALLOY_PEERS_REMOTE(title, preset, threads, wanted)                                         \
    judge_remote(many{title, #preset, threads, wanted}, of, all);
#include "goals.def"
#undef ALLOY_PEERS_REMOTE
#undef ALLOY_PEERS_LOCK
#undef ALLOY_PEERS_GROWTH
#undef ALLOY_PEERS_LIMIT
#undef ALLOY_PEERS_GOAL
    return all;
}

} // namespace alloy::bench
