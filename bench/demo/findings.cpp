// SPDX-License-Identifier: BSL-1.0

#include "findings.hpp"

#include "support/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

namespace alloy::bench {
namespace {

constexpr std::array all_phases{phase::build, phase::query, phase::age, phase::walk, phase::free};

std::string_view name_of(phase which) { return phase_names[static_cast<std::size_t>(which)]; }

// Something of which less is better, as every figure of a row is.
struct yardstick {
    std::string_view name;
    figure (*of)(const row&);
    std::string (*text)(const figure&);
};

template <phase Which>
figure time_of(const row& of) {
    return of.time_of(Which);
}
std::string time_text(const figure& of) { return three_digits(of.median * 1e3) + " ms"; }

constexpr std::array yardsticks{
    yardstick{"build", time_of<phase::build>, time_text},
    yardstick{"query", time_of<phase::query>, time_text},
    yardstick{"age", time_of<phase::age>, time_text},
    yardstick{"walk", time_of<phase::walk>, time_text},
    yardstick{"free", time_of<phase::free>, time_text},
    yardstick{"peak memory", [](const row& of) { return of.peak; },
              [](const figure& of) { return three_digits(of.median / 1e6) + " MB"; }},
    yardstick{"waste per node", [](const row& of) { return of.waste; },
              [](const figure& of) { return three_digits(of.median) + " B"; }},
};

constexpr double nearly_equal = 0.98; // a ratio that nobody would call a loss

// Where `of` is worse than the base by more than the spread explains.
std::string losses(const row& of, const row& base) {
    std::vector<std::string> found;
    for (const phase each : all_phases) {
        if (of.ratio_of(each).high() < nearly_equal) {
            found.push_back(
                fmt::format("{} ({}x)", name_of(each), three_digits(of.ratio_of(each).median)));
        }
    }
    for (const yardstick& each : std::span(yardsticks).subspan(phases)) {
        if (each.of(of).low() > each.of(base).high()) {
            found.push_back(fmt::format("{} ({} against {})", each.name, each.text(each.of(of)),
                                        each.text(each.of(base))));
        }
    }
    return fmt::format("{}", fmt::join(found, ", "));
}

std::vector<std::string> losses_to_base(const std::vector<row>& rows) {
    std::vector<std::string> sentences;
    for (const row& each : rows) {
        const std::string lost = losses(each, rows.front());
        if (each.who->role == role::alloy && !lost.empty()) {
            sentences.push_back(
                fmt::format("{} loses to {} in {}.", each.who->name, rows.front().who->name, lost));
        }
    }
    if (sentences.empty()) {
        sentences.push_back(fmt::format(
            "No allocator of alloy loses to {} by more than the spread.", rows.front().who->name));
    }
    return sentences;
}

// Who of alloy's, or of all others, has the least.
const row* best(const std::vector<row>& rows, const yardstick& by, bool of_alloy) {
    const row* found = nullptr;
    for (const row& each : rows) {
        if ((each.who->role == role::alloy) != of_alloy) { continue; }
        if (found == nullptr || by.of(each).median < by.of(*found).median) { found = &each; }
    }
    return found;
}

std::vector<std::string> best_is_not_alloy(const std::vector<row>& rows) {
    std::vector<std::string> sentences;
    for (const yardstick& each : yardsticks) {
        const row* const ours = best(rows, each, true);
        const row* const theirs = best(rows, each, false);
        if (ours == nullptr || theirs == nullptr) { continue; }
        if (each.of(*theirs).high() < each.of(*ours).low()) {
            sentences.push_back(
                fmt::format("The best in {} is {} with {}; alloy's best is {} with {}.", each.name,
                            theirs->who->name, each.text(each.of(*theirs)), ours->who->name,
                            each.text(each.of(*ours))));
        }
    }
    return sentences;
}

// The controls do the same work: what they differ by is no allocator's merit.
std::vector<std::string> noise(const std::vector<row>& rows) {
    std::vector<std::string> sentences;
    for (const row& each : rows) {
        if (each.who->role != role::control || &each == &rows.front()) { continue; }
        const auto off = [&](phase which) { return std::abs(each.ratio_of(which).median - 1); };
        const phase most = *std::ranges::max_element(all_phases, {}, off);
        sentences.push_back(fmt::format(
            "The {} allocates as {} does and yet comes to {}x in {}: less than that says nothing.",
            each.who->name, rows.front().who->name, three_digits(each.ratio_of(most).median),
            name_of(most)));
    }
    return sentences;
}

} // namespace

std::vector<std::string> findings(const std::vector<row>& rows) {
    std::vector<std::string> all = losses_to_base(rows);
    for (auto* part : {best_is_not_alloy, noise}) {
        for (std::string& each : part(rows)) { all.push_back(std::move(each)); }
    }
    return all;
}

} // namespace alloy::bench
