// SPDX-License-Identifier: BSL-1.0

#include "measurement_json.hpp"
#include "report.hpp"
#include "support/json.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace alloy::bench {
namespace {

using nlohmann::ordered_json;

std::string_view name_of(role of) {
    return of == role::control ? "control" : of == role::alloy ? "alloy" : "other";
}

ordered_json json_of(const row& of, const series& runs) {
    ordered_json result{{"name", of.who->name}, {"role", name_of(of.who->role)}};
    for (std::size_t which = 0; which < phases; ++which) {
        ordered_json samples = ordered_json::array();
        for (const measurement& each : runs.runs) { samples.push_back(each.seconds[which]); }
        result["phases"][phase_names[which].data()] = {{"seconds", json_of(of.seconds[which])},
                                                       {"ratio", json_of(of.ratio[which])},
                                                       {"samples", std::move(samples)}};
    }
    result["peak_bytes"] = json_of(of.peak);
    result["waste_bytes_per_block"] = json_of(of.waste);
    result["requested_bytes"] = of.asked.bytes;
    result["blocks"] = of.asked.blocks;
    return result;
}

} // namespace

std::string json_of(const report& of) {
    ordered_json result{
        {"format", 1}, {"clock", "processor time"}, {"provenance", json_of(of.made)}};
    result["corpus"] = {{"path", of.texts->root.string()},
                        {"files", of.texts->files.size()},
                        {"skipped", of.texts->skipped},
                        {"bytes", of.texts->bytes},
                        {"identifiers", of.identifiers}};
    result["rounds"] = of.rounds();
    result["base"] = of.rows.front().who->name;
    for (std::size_t each = 0; each < of.rows.size(); ++each) {
        result["contenders"].push_back(json_of(of.rows[each], of.runs->all[each]));
    }
    result["findings"] = of.findings;
    result["objections"] = of.runs->objections;
    // A path need not be UTF-8; JSON must.
    return result.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

} // namespace alloy::bench
