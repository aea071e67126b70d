// SPDX-License-Identifier: BSL-1.0

#include "summary.hpp"

namespace alloy::bench {
namespace {

template <class Value>
figure over_runs(const series& of, Value value) {
    std::vector<double> sample;
    for (std::size_t run = 0; run < of.runs.size(); ++run) { sample.push_back(value(run)); }
    return figure_of(sample);
}

row summarise_one(const series& of, const series& base) {
    row result{
        .who = of.who, .seconds = {}, .ratio = {}, .peak = {}, .waste = {}, .asked = of.asked};
    for (std::size_t which = 0; which < phases; ++which) {
        result.seconds[which] =
            over_runs(of, [&](std::size_t run) { return of.runs[run].seconds[which]; });
        result.ratio[which] = over_runs(of, [&](std::size_t run) {
            return base.runs[run].seconds[which] / of.runs[run].seconds[which];
        });
    }
    result.peak = over_runs(
        of, [&](std::size_t run) { return static_cast<double>(of.runs[run].peak_bytes); });
    result.waste = over_runs(of, [&](std::size_t run) {
        return static_cast<double>(of.runs[run].built_bytes - of.asked.bytes) /
               static_cast<double>(of.asked.blocks);
    });
    return result;
}

} // namespace

std::vector<row> summarise(const std::vector<series>& all) {
    std::vector<row> rows;
    for (const series& each : all) { rows.push_back(summarise_one(each, all.front())); }
    return rows;
}

} // namespace alloy::bench
