// SPDX-License-Identifier: BSL-1.0

#include "lines.hpp"

#include "support/figure.hpp"
#include "support/number.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace alloy::bench {
namespace {

constexpr double wide = 960; // of the drawing, in its own units
constexpr double high = 420;
constexpr double margin = 50;
constexpr double legend = 230;

using columns = std::vector<const column*>;

double median(const series& of) { return figure_of(of.values).median; }

// Where values lie: the lowest and the highest.
class scale {
public:
    explicit scale(const columns& all) {
        for (const column* in : all) {
            for (const series& each : in->all) {
                if (each.failed()) { continue; }
                low_ = std::min(low_, median(each));
                high_ = std::max(high_, median(each));
            }
        }
    }

    [[nodiscard]] double y(double value) const {
        const double part = std::log(value / low_) / std::log(high_ / low_);
        return high - margin - part * (high - 2 * margin);
    }

    // Values worth a line across: 1, 2 and 5 of each power of ten.
    [[nodiscard]] std::vector<double> marks() const {
        std::vector<double> all;
        for (double ten = std::pow(10, std::floor(std::log10(low_))); ten <= high_; ten *= 10) {
            for (const double times : {1.0, 2.0, 5.0}) {
                if (ten * times >= low_ && ten * times <= high_) { all.push_back(ten * times); }
            }
        }
        return all;
    }

private:
    double low_ = std::numeric_limits<double>::infinity();
    double high_ = 0;
};

double x(std::size_t index, std::size_t count) {
    const double part = static_cast<double>(index) / static_cast<double>(count - 1);
    return margin + part * (wide - legend - margin);
}

std::string axes(const columns& all, const scale& by) {
    std::string text;
    for (const double mark : by.marks()) {
        text += fmt::format("<line class=\"rule\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" "
                            "y2=\"{2:.1f}\"/><text x=\"{3}\" y=\"{2:.1f}\" "
                            "text-anchor=\"end\">{4}</text>\n",
                            margin, wide - legend, by.y(mark), margin - 6, three_digits(mark));
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        text += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                            x(i, all.size()), high - margin + 24, all[i]->of.what->heading);
    }
    return text;
}

// A contender's line, and its name where it ends.
std::string line_of(const contender& who, const columns& all, const scale& by) {
    std::string points;
    double end = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const series* const of = all[i]->find(&who);
        if (of == nullptr) { continue; }
        end = by.y(median(*of));
        points += fmt::format("{:.1f},{:.1f} ", x(i, all.size()), end);
    }
    if (points.empty()) { return {}; }
    const std::string label =
        who.role == role::alloy || who.role == role::base
            ? fmt::format("<text x=\"{}\" y=\"{:.1f}\">{}</text>", wide - legend + 8, end, who.name)
            : std::string();
    return fmt::format("<g class=\"{}\"><title>{}</title><polyline points=\"{}\"/>{}</g>\n",
                       name_of(who.role), who.name, points, label);
}

} // namespace

std::string lines_of(const table& which, const experiment& of) {
    columns all;
    for (const column& each : of.columns) {
        if (each.of.what->table == which.id) { all.push_back(&each); }
    }
    if (all.size() < 2) { return {}; }
    const scale by(all);
    std::string text = fmt::format("<svg viewBox=\"0 0 {} {}\">\n{}", wide, high, axes(all, by));
    for (const contender& each : contenders()) { text += line_of(each, all, by); }
    return text + "</svg>\n";
}

} // namespace alloy::bench
