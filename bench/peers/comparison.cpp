// SPDX-License-Identifier: BSL-1.0

#include "comparison.hpp"

#include <string_view>

namespace alloy::bench {
namespace {

double median(const series& of) { return figure_of(of.values).median; }

template <class Admits>
std::vector<comparison> with_the_best(const experiment& of, Admits admits) {
    std::vector<comparison> all;
    for (const column& in : of.columns) {
        if (in.of.what->id == "queue_kept") { continue; } // which allocates nothing
        for (const series& each : in.all) {
            if (each.who->role != role::alloy || each.failed()) { continue; }
            const series* best = nullptr;
            for (const series& other : in.all) {
                if (other.failed() || !admits(*other.who, *each.who, in.of)) { continue; }
                if (best == nullptr || median(other) < median(*best)) { best = &other; }
            }
            if (best != nullptr) {
                all.push_back({in.of, each.who, best->who, ratio(*best, each)});
            }
        }
    }
    return all;
}

const column* find(const experiment& in, std::string_view workload, unsigned threads) {
    for (const column& each : in.columns) {
        if (each.of.what->id == workload && each.of.threads == threads) { return &each; }
    }
    return nullptr;
}

} // namespace

std::vector<comparison> with_the_best_others(const experiment& of) {
    return with_the_best(of, [](const contender& rival, const contender& who, const cell& /*in*/) {
        return (rival.role == role::base || rival.role == role::other) &&
               (who.threads == breadth::one || rival.threads == breadth::any);
    });
}

std::vector<comparison> with_the_best_lock(const experiment& of) {
    return with_the_best(of, [](const contender& rival, const contender& /*who*/, const cell& in) {
        return rival.role == role::control && in.threads > 1 && in.what->table != "memory";
    });
}

std::vector<remote_cost> remote_costs(const experiment& of) {
    std::vector<remote_cost> all;
    for (const column& remote : of.columns) {
        if (remote.of.what->id != "queue_remote") { continue; }
        const column* const local = find(of, "queue_local", remote.of.threads);
        if (local == nullptr) { continue; }
        for (const series& each : remote.all) {
            const series* const same = local->find(each.who);
            if (same != nullptr && !each.failed()) {
                all.push_back({remote.of.threads, each.who, ratio(each, *same)});
            }
        }
    }
    return all;
}

} // namespace alloy::bench
