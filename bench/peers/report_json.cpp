// SPDX-License-Identifier: BSL-1.0

#include "comparison.hpp"
#include "goals.hpp"
#include "report.hpp"
#include "support/json.hpp"

#include <nlohmann/json.hpp>

namespace alloy::bench {
namespace {

using nlohmann::ordered_json;

unit unit_of(const workload& of) {
    for (const table& each : tables()) {
        if (each.id == of.table) { return each.unit; }
    }
    return unit::ns;
}

ordered_json json_of(const column& of) {
    ordered_json result{{"workload", of.of.what->id},
                        {"table", of.of.what->table},
                        {"threads", of.of.threads},
                        {"unit", unit_of(*of.of.what) == unit::ns ? "ns" : "ratio"}};
    for (const series& each : of.all) {
        if (each.failed()) { continue; }
        result["contenders"].push_back(
            {{"name", each.who->name},
             {"role", name_of(each.who->role)},
             {"threads", each.who->threads == breadth::any ? "any" : "one"},
             {"alignment", each.alignment},
             {"value", json_of(figure_of(each.values))},
             {"ratio", json_of(ratio(of.all.front(), each))},
             {"samples", each.values}});
    }
    return result;
}

ordered_json json_of(const comparison& of) {
    return {{"workload", of.in.what->id},
            {"threads", of.in.threads},
            {"name", of.who->name},
            {"rival", of.rival->name},
            {"ratio", json_of(of.ratio)}};
}

ordered_json json_of(const remote_cost& of) {
    return {{"threads", of.threads}, {"name", of.who->name}, {"ratio", json_of(of.ratio)}};
}

ordered_json json_of(const verdict& of) {
    return {{"title", of.title},     {"name", of.name},     {"measure", of.measure},
            {"reached", of.reached}, {"wanted", of.wanted}, {"at_most", of.at_most},
            {"holds", of.holds()},   {"detail", of.detail}};
}

ordered_json json_of(const pair_of_ratios& of) {
    return {{"workload", of.in.what->id},
            {"threads", of.in.threads},
            {"name", of.who->name},
            {"before", json_of(of.before)},
            {"now", json_of(of.now)}};
}

template <class Range>
ordered_json list_of(const Range& all) {
    ordered_json result = ordered_json::array();
    for (const auto& each : all) { result.push_back(json_of(each)); }
    return result;
}

ordered_json json_of(const agreement& of) {
    return {{"commit", of.commit},
            {"compared", of.compared},
            {"agree", of.compared - of.apart.size()},
            {"typical_change", of.typical_change},
            {"apart", list_of(of.apart)}};
}

} // namespace

std::string json_of(const report& of) {
    ordered_json result{{"format", 1},
                        {"clock", "wall"},
                        {"provenance", json_of(of.made)},
                        {"rounds", of.rounds},
                        {"base", of.who->present.front().who->name},
                        {"missing", of.who->missing},
                        {"columns", list_of(of.runs->columns)},
                        {"against_others", list_of(with_the_best_others(*of.runs))},
                        {"against_locks", list_of(with_the_best_lock(*of.runs))},
                        {"remote_over_local", list_of(remote_costs(*of.runs))},
                        {"goals", list_of(verdicts(*of.runs))},
                        {"objections", of.runs->objections}};
    if (of.with_earlier) { result["agreement"] = json_of(*of.with_earlier); }
    return result.dump(2) + '\n';
}

} // namespace alloy::bench
