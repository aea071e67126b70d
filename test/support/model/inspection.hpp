// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model::inspect`: whether programs need what they say, order by order.
///
/// Each place in the source that gives an order is changed alone, and every program explored again.
/// An order that can be weakened without a violation is stronger than needed, or nobody tests what
/// it is for.

#include "explorer.hpp"
#include "site.hpp"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <vector>

namespace alloy::test::model {

/// Which changes the programs noticed.
struct inspection {
    bool sound = true; ///< Nothing is wrong before a change.
    std::size_t found = 0;
    std::vector<change> unnoticed;

    friend std::ostream& operator<<(std::ostream& out, const inspection& each) {
        out << (each.sound ? "" : "wrong as it is; ") << each.found << " found, "
            << each.unnoticed.size() << " unnoticed";
        for (const change& missed : each.unnoticed) { out << "\n  " << missed; }
        return out;
    }
};

/// Makes each of `changes_of(site)` in turn, weakened() or broken(), for all sites of `Programs`:
/// it is found if one of them has a violation then.
template <class... Programs>
[[nodiscard]] inspection inspect(std::vector<change> (*changes_of)(const site&)) {
    inspection sum;
    std::vector<site> sites;
    const auto collect = [&](const result& found) {
        sum.sound = sum.sound && found.violation.empty();
        for (const site& each : found.sites) {
            if (std::find(sites.begin(), sites.end(), each) == sites.end()) {
                sites.push_back(each);
            }
        }
    };
    (collect(explore<Programs>()), ...);
    for (const site& each : sites) {
        for (const change& with : changes_of(each)) {
            options how;
            how.with = with;
            if ((!explore<Programs>(how).violation.empty() || ...)) {
                ++sum.found;
            } else {
                sum.unnoticed.push_back(with);
            }
        }
    }
    return sum;
}

} // namespace alloy::test::model
