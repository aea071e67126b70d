// SPDX-License-Identifier: BSL-1.0

#include "comparison.hpp"
#include "goals.hpp"
#include "grid.hpp"
#include "report.hpp"
#include "support/ink.hpp"
#include "support/number.hpp"

#include <fmt/core.h>

#include <string_view>

namespace alloy::bench {
namespace {

std::string legend(const look& style) {
    return fmt::format(
        "Times are ns of wall clock, from the start of all threads to the end of the last, for "
        "each\n"
        "operation of any thread: where there are cores for all of them and nobody waits, more\n"
        "threads take less. An operation is an allocation, a release, and both touch the block.\n"
        "Below each figure is its ratio to the first line: more is better, a full bar is {}.\n"
        "Below each name is who may touch its blocks, and the alignment that nodes of 40 bytes "
        "had:\n"
        "all ask for 8. Ratios to the best are to the best of those whom as many threads may use.\n"
        "{} is half of the interquartile range.\n",
        full_bar, style.unicode ? "±" : "+-");
}

std::string line(std::string_view name, const figure& of, std::string_view rival,
                 const look& style) {
    constexpr std::size_t width = 30;
    return "  " + fit(name, width, false) + ' ' +
           paint(fit(with_spread(of, style.unicode) + 'x', 12, true), colour_of(of), style) +
           (rival.empty() ? "" : fmt::format("  {}", rival)) + '\n';
}

std::string text_of(std::string_view title, const std::vector<comparison>& all, const look& style) {
    std::string text;
    const contender* last = nullptr;
    for (const contender& who : contenders()) {
        for (const comparison& each : all) {
            if (each.who != &who) { continue; }
            if (last != &who) {
                text += paint(fmt::format("\n{} {}", who.name, title), colour::bold, style) + '\n';
            }
            last = &who;
            text += line(name_of(each.in), each.ratio, each.rival->name, style);
        }
    }
    return text;
}

std::string text_of(const std::vector<remote_cost>& all, const look& style) {
    std::string text;
    unsigned last = 0;
    for (const remote_cost& each : all) {
        if (each.threads != last) {
            text += paint(fmt::format("\nRelease by the consumer over release by the "
                                      "producer, {} (less is better)",
                                      count_of_threads(each.threads)),
                          colour::bold, style) +
                    '\n';
        }
        last = each.threads;
        const std::string figure = with_spread(each.ratio, style.unicode) + 'x';
        text += "  " + fit(each.who->name, 30, false) + ' ' + fit(figure, 12, true) + '\n';
    }
    return text;
}

std::string text_of(const std::vector<verdict>& all, const look& style) {
    if (all.empty()) { return {}; }
    std::string text = paint("\nGoals", colour::bold, style) + '\n';
    for (const verdict& each : all) {
        text += "  " + fit(each.title, 33, false) + fit(each.name, 30, false) +
                fit(each.measure, 11, false) +
                paint(fit(three_digits(each.reached), 5, true),
                      each.holds() ? colour::good : colour::bad, style) +
                fmt::format(" of {} {:.2f}  {}\n", each.at_most ? "at most " : "at least",
                            each.wanted, each.detail);
    }
    return text;
}

std::string text_of(const agreement& of, const look& style) {
    std::string text =
        paint(
            fmt::format("\nAgainst the run of {}: {} of {} ratios agree, {:.1f} %; they differ by "
                        "{:.1f} % in the median",
                        of.commit, of.compared - of.apart.size(), of.compared, of.percent(),
                        100 * of.typical_change),
            colour::bold, style) +
        '\n';
    for (const pair_of_ratios& each : of.apart) {
        if (each.who->role != role::alloy) { continue; }
        text += fmt::format("  {}{}{}x, was {}x\n", fit(each.who->name, 31, false),
                            fit(name_of(each.in), 28, false),
                            fit(with_spread(each.now, style.unicode), 12, true),
                            with_spread(each.before, style.unicode));
    }
    return text;
}

} // namespace

std::string heading(const report& of) {
    std::string all = fmt::format(
        "{} contenders, {} columns, {} round{}; a process for each run.\n{}, {} cores, load {:.1f} "
        "at the start; {}, {}, {}; alloy {}.\n",
        of.who->present.size(), of.runs->columns.size(), of.rounds,
        of.rounds == 1 ? " (which shows no spread)" : "s", of.made.processor, of.made.cores,
        of.made.load, of.made.compiler, of.made.library, of.made.build, of.made.commit);
    for (const std::string& each : of.who->missing) { all += each + ".\n"; }
    return all;
}

std::string text_of(const report& of, const look& style) {
    std::string all = heading(of) + paint('\n' + legend(style), colour::dim, style);
    for (const table& each : tables()) { all += grid(each, *of.runs, style); }
    all += text_of("against the best of the others", with_the_best_others(*of.runs), style);
    all += text_of("against the best mutex", with_the_best_lock(*of.runs), style);
    all += text_of(remote_costs(*of.runs), style);
    all += text_of(verdicts(*of.runs), style);
    return of.with_earlier ? all + text_of(*of.with_earlier, style) : all;
}

} // namespace alloy::bench
