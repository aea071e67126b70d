// SPDX-License-Identifier: BSL-1.0

#include "table.hpp"

#include "support/ink.hpp"
#include "support/number.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace alloy::bench {
namespace {

constexpr std::array shown{phase::build, phase::age, phase::walk, phase::free};
constexpr std::size_t gap = 2;
constexpr std::size_t memory_columns = 8;
constexpr std::size_t ratio_columns = 8; // "1.23±.04"
constexpr std::string_view indent = "  ";
constexpr double full_bar = 4; // a ratio

// Without alloy's own prefix.
std::string_view short_name(const row& of) {
    constexpr std::string_view own = "alloy::";
    std::string_view name = of.who->name;
    if (name.starts_with(own)) { name.remove_prefix(own.size()); }
    return name;
}

// How wide each part is; the phases share what the rest leaves.
struct frame {
    std::size_t name;
    std::size_t cell;
};

frame frame_of(const std::vector<row>& rows, std::size_t columns) {
    std::size_t name = 0;
    for (const row& each : rows) {
        name = std::max({name, short_name(each).size(), indent.size() + each.who->note.size()});
    }
    const std::size_t fixed = name + 2 * (gap + memory_columns) + shown.size() * gap;
    const std::size_t rest = columns > fixed ? columns - fixed : 0;
    return {name, std::max(rest / shown.size(), ratio_columns)};
}

// Green and red only where the spread leaves no doubt.
colour colour_of(const figure& ratio) {
    return ratio.low() > 1 ? colour::good : ratio.high() < 1 ? colour::bad : colour::none;
}

std::string header(const frame& in, const look& style) {
    std::string line = fit("allocator", in.name, false);
    for (const phase each : shown) {
        line += std::string(gap, ' ');
        line +=
            fit(fmt::format("{}, ms", phase_names[static_cast<std::size_t>(each)]), in.cell, false);
    }
    line += std::string(gap, ' ') + fit("peak, MB", memory_columns, true);
    line += std::string(gap, ' ') + fit("waste, B", memory_columns, true);
    return paint(line, colour::bold, style) + '\n';
}

std::string times(const row& of, const frame& in, const look& style) {
    std::string line = paint(fit(short_name(of), in.name, false),
                             of.who->role == role::alloy ? colour::bold : colour::none, style);
    for (const phase each : shown) {
        const figure& time = of.time_of(each);
        const figure milliseconds{time.median * 1e3, time.spread * 1e3};
        line +=
            std::string(gap, ' ') + fit(with_spread(milliseconds, style.unicode), in.cell, false);
    }
    line += std::string(gap, ' ') + fit(three_digits(of.peak.median / 1e6), memory_columns, true);
    line += std::string(gap, ' ') + fit(three_digits(of.waste.median), memory_columns, true);
    return line + '\n';
}

std::string ratios(const row& of, const frame& in, const look& style) {
    std::string line = paint(fit(std::string(indent) + std::string(of.who->note), in.name, false),
                             colour::dim, style);
    for (const phase each : shown) {
        const figure& ratio = of.ratio_of(each);
        const std::size_t rest = in.cell > ratio_columns + 1 ? in.cell - ratio_columns - 1 : 0;
        const std::string text = fit(with_spread(ratio, style.unicode), ratio_columns, false) +
                                 ' ' + fit(bar(ratio.median / full_bar, rest, style), rest, false);
        line += std::string(gap, ' ') + paint(fit(text, in.cell, false), colour_of(ratio), style);
    }
    for (const figure& each : {figure{of.peak.median / 1e6, of.peak.spread / 1e6}, of.waste}) {
        line +=
            std::string(gap, ' ') +
            paint(fit(spread_of(each, style.unicode), memory_columns, true), colour::dim, style);
    }
    return line + '\n';
}

} // namespace

std::string table(const std::vector<row>& rows, const look& style) {
    const frame in = frame_of(rows, style.columns);
    std::string all = header(in, style);
    for (const row& each : rows) {
        all += times(each, in, style);
        all += ratios(each, in, style);
    }
    return all;
}

} // namespace alloy::bench
