// SPDX-License-Identifier: BSL-1.0

#include "grid.hpp"

#include "support/number.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace alloy::bench {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_cell = 9; // "1.23±.04"
constexpr std::size_t least_bar = 5;
constexpr std::size_t name_columns = 30;

using columns = std::vector<const column*>;

std::size_t cell_columns(const columns& all, const look& style) {
    const std::size_t rest = style.columns > name_columns ? style.columns - name_columns : 0;
    return std::max(least_cell, std::min<std::size_t>(20, rest / all.size() - gap));
}

std::string spaced(std::string_view text, std::size_t width) {
    return std::string(gap, ' ') + fit(text, width, false);
}

std::string header(const columns& all, std::size_t width, const look& style) {
    std::string upper(name_columns, ' ');
    std::string lower(name_columns, ' ');
    for (const column* each : all) {
        upper += spaced(each->of.what->heading, width);
        lower += spaced(count_of_threads(each->of.threads), width);
    }
    const bool told_apart = upper.find_first_not_of(' ') != upper.npos;
    return paint((told_apart ? upper + '\n' : "") + lower, colour::bold, style) + '\n';
}

std::string ratio_and_bar(const figure& of, std::size_t width, const look& style) {
    const std::string text = with_spread(of, style.unicode);
    const std::size_t used = std::max(columns_of(text), least_cell) + 1;
    const std::string bar = width >= used + least_bar
                                ? bench::bar(of.median / full_bar, width - used, style)
                                : std::string();
    return spaced(fit(text, used, false) + bar, width);
}

std::string rows(const contender& who, const columns& all, std::size_t width, const look& style) {
    std::string figures;
    std::string ratios;
    bool any = false;
    std::uint64_t alignment = ~std::uint64_t{};
    for (const column* each : all) {
        const bool entered = std::ranges::count(each->all, &who, &series::who) > 0;
        any = any || entered;
        const series* const of = each->find(&who);
        if (of == nullptr) {
            figures += spaced(entered ? "failed" : "-", width);
            ratios += spaced("", width);
            continue;
        }
        alignment = std::min(alignment, of->alignment);
        const figure against = ratio(each->all.front(), *of);
        figures += spaced(with_spread(figure_of(of->values), style.unicode), width);
        ratios += paint(ratio_and_bar(against, width, style), colour_of(against), style);
    }
    if (!any) { return {}; }
    return paint(fit(who.name, name_columns, false),
                 who.role == role::alloy ? colour::bold : colour::none, style) +
           figures + '\n' +
           paint(fit("  " + terms_of(who, alignment), name_columns, false), colour::dim, style) +
           ratios + '\n';
}

} // namespace

colour colour_of(const figure& ratio) {
    return ratio.low() > 1 ? colour::good : ratio.high() < 1 ? colour::bad : colour::none;
}

std::string grid(const table& which, const experiment& of, const look& style) {
    columns all;
    for (const column& each : of.columns) {
        if (each.of.what->table == which.id) { all.push_back(&each); }
    }
    if (all.empty()) { return {}; }
    const std::size_t width = cell_columns(all, style);
    const std::string unit = which.unit == unit::ns ? " (ns)" : "";
    std::string text = '\n' + paint(std::string(which.title) + unit, colour::bold, style) + '\n' +
                       header(all, width, style);
    for (const contender& each : contenders()) { text += rows(each, all, width, style); }
    return text;
}

} // namespace alloy::bench
