// SPDX-License-Identifier: BSL-1.0

#include "goals.hpp"
#include "lines.hpp"
#include "report.hpp"
#include "support/number.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

namespace alloy::bench {
namespace {

constexpr std::string_view head = R"(<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Allocators side by side</title>
<style>
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --dim: #777; --other: #9bb0c4;
        --base: #666; --control: #d0c3a3; --alloy: #c4501b; --rule: #ddd; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --paper: #17191c; --dim: #999; --other: #4d6378; --base: #999;
          --control: #6d6242; --alloy: #e8743b; --rule: #333; }
}
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
       max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 0; }
h3 { font-size: 1rem; font-weight: 500; color: var(--dim); margin: 1rem 0 .3rem; }
p { max-width: 46rem; }
.row { display: grid; grid-template-columns: 15rem 11rem 1fr 11rem; gap: .8rem; align-items: center; }
.name, .figure { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.terms { color: var(--dim); font-size: .85em; }
.figure { text-align: right; font-variant-numeric: tabular-nums; }
.plot { position: relative; height: 1.1rem; border-left: 1px solid var(--rule); }
.bar { position: absolute; inset: .15rem auto .15rem 0; background: var(--other); }
.base .bar { background: var(--base); }
.control .bar { background: var(--control); }
.alloy .bar { background: var(--alloy); }
.alloy .name { font-weight: 600; }
table { border-collapse: collapse; }
td, th { padding: .15rem .8rem .15rem 0; text-align: left; font-variant-numeric: tabular-nums; }
.missed { color: var(--alloy); }
svg { width: 100%; font-size: 12px; fill: var(--ink); }
polyline { fill: none; stroke: var(--other); stroke-width: 1.2; }
.rule { stroke: var(--rule); }
.base polyline { stroke: var(--base); stroke-width: 2; }
.control polyline { stroke: var(--control); }
.alloy polyline { stroke: var(--alloy); stroke-width: 2.5; }
.spread { position: absolute; top: .5rem; height: .1rem; background: var(--ink); }
</style>
<h1>Allocators side by side</h1>
)";

std::string escaped(std::string_view text) {
    std::string all;
    for (const char each : text) {
        switch (each) {
        case '&':
            all += "&amp;";
            break;
        case '<':
            all += "&lt;";
            break;
        case '>':
            all += "&gt;";
            break;
        case '"':
            all += "&quot;";
            break;
        default:
            all += each;
        }
    }
    return all;
}

std::string introduction(const report& of) {
    std::string all = fmt::format(
        "<p>{}</p>\n"
        "<p>A bar is the ratio to {}: longer is better. Beside each name is who may touch its "
        "blocks, and the alignment that nodes of 40 bytes had; all ask for 8. The line across its "
        "end is half of the "
        "interquartile range to either side; where two of them overlap, do not tell who is ahead. "
        "Times are of wall clock, an operation of any thread; memory is as the title of its table "
        "says.</p>\n",
        escaped(heading(of)), escaped(of.who->present.front().who->name));
    for (const std::string& each : of.runs->objections) {
        all += fmt::format("<p>{}.</p>\n", escaped(each));
    }
    return all;
}

std::string goals(const std::vector<verdict>& all) {
    if (all.empty()) { return {}; }
    std::string text = "<h2>Goals</h2>\n<table><tr><th>rows<th>preset<th>measure<th>reached<th>"
                       "wanted<th></tr>\n";
    for (const verdict& each : all) {
        text +=
            fmt::format("<tr{}><td>{}<td>{}<td>{}<td>{}<td>{} {:.2f}<td>{}</tr>\n",
                        each.holds() ? "" : " class=\"missed\"", escaped(each.title),
                        escaped(each.name), escaped(each.measure), three_digits(each.reached),
                        each.at_most ? "at most" : "at least", each.wanted, escaped(each.detail));
    }
    return text + "</table>\n";
}

// In percent of the longest; a spread beyond the plot ends with it.
std::string row(const series& of, const figure& against, double longest, std::string_view unit) {
    const auto percent = [&](double ratio) {
        return std::clamp(100 * ratio / longest, 0.0, 100.0);
    };
    const double low = percent(against.low());
    return fmt::format("<div class=\"row {}\"><span class=\"name\">{}</span>"
                       "<span class=\"terms\">{}</span><span class=\"plot\">"
                       "<span class=\"bar\" style=\"width:{:.2f}%\"></span>"
                       "<span class=\"spread\" style=\"left:{:.2f}%;width:{:.2f}%\"></span></span>"
                       "<span class=\"figure\">{}{} &nbsp; {}×</span></div>\n",
                       name_of(of.who->role), escaped(of.who->name),
                       terms_of(*of.who, of.alignment), percent(against.median), low,
                       percent(against.high()) - low, with_spread(figure_of(of.values), true), unit,
                       three_digits(against.median));
}

std::string bars(const column& of, std::string_view unit) {
    double longest = 0;
    for (const series& each : of.all) {
        if (!each.failed()) { longest = std::max(longest, ratio(of.all.front(), each).high()); }
    }
    std::string all =
        fmt::format("<h3>{}{}{}</h3>\n", escaped(of.of.what->heading),
                    of.of.what->heading.empty() ? "" : ", ", count_of_threads(of.of.threads));
    for (const series& each : of.all) {
        all += each.failed() ? fmt::format("<div class=\"row\"><span class=\"name\">{}</span>"
                                           "<span>failed</span></div>\n",
                                           escaped(each.who->name))
                             : row(each, ratio(of.all.front(), each), longest, unit);
    }
    return all;
}

} // namespace

std::string html_of(const report& of) {
    std::string all = std::string(head) + introduction(of) + goals(verdicts(*of.runs));
    for (const table& each : tables()) {
        bool first = true;
        for (const column& in : of.runs->columns) {
            if (in.of.what->table != each.id) { continue; }
            if (first) {
                all += fmt::format("<h2>{}</h2>\n", escaped(each.title));
                if (each.drawn == chart::lines) { all += lines_of(each, *of.runs); }
            }
            first = false;
            all += bars(in, each.unit == unit::ns ? " ns" : "");
        }
    }
    return all + "</html>\n";
}

} // namespace alloy::bench
