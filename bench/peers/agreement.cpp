// SPDX-License-Identifier: BSL-1.0

#include "agreement.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <stdexcept>

namespace alloy::bench {

earlier_report read_report(const std::string& file, std::string_view base) {
    std::ifstream in(file);
    if (!in) { throw std::runtime_error("cannot read " + file); }
    try {
        const auto all = nlohmann::json::parse(in);
        if (all.at("base") != base || all.at("rounds") < 2) {
            throw std::runtime_error(fmt::format(
                "{} cannot be compared with: it needs ratios to {}, and two rounds", file, base));
        }
        earlier_report made{all.at("provenance").at("commit"), {}};
        for (const auto& column : all.at("columns")) {
            for (const auto& each : column.at("contenders")) {
                const auto& ratio = each.at("ratio");
                made.ratios[{column.at("workload"), column.at("threads"), each.at("name")}] = {
                    ratio.at("median"), ratio.at("spread")};
            }
        }
        return made;
    } catch (const nlohmann::json::exception& error) {
        throw std::runtime_error(
            fmt::format("{} is no report of this benchmark in JSON: {}", file, error.what()));
    }
}

agreement compare(const experiment& now, const earlier_report& before) {
    agreement made{before.commit, 0, {}, 0};
    std::vector<double> changes;
    for (const column& in : now.columns) {
        const series& base = in.all.front();
        for (const series& each : in.all) {
            if (&each == &base || each.failed()) { continue; }
            const auto same = before.ratios.find(
                {std::string(in.of.what->id), in.of.threads, std::string(each.who->name)});
            if (same == before.ratios.end()) { continue; }
            const pair_of_ratios both{in.of, each.who, same->second, ratio(base, each)};
            if (!both.agree()) { made.apart.push_back(both); }
            changes.push_back(std::abs(both.now.median / both.before.median - 1));
        }
    }
    made.compared = changes.size();
    if (!changes.empty()) { made.typical_change = figure_of(changes).median; }
    return made;
}

} // namespace alloy::bench
