// SPDX-License-Identifier: BSL-1.0

#include "ink.hpp"

#include <fmt/color.h>

#include <algorithm>
#include <array>

namespace alloy::bench {
namespace {

constexpr bool begins_character(char byte) { return (static_cast<unsigned char>(byte) >> 6U) != 2; }

std::string repeat(std::string_view what, std::size_t times) {
    std::string all;
    for (; times > 0; --times) { all += what; }
    return all;
}

} // namespace

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string fit(std::string_view text, std::size_t columns, bool to_the_right) {
    while (columns_of(text) > columns) {
        while (!begins_character(text.back())) { text.remove_suffix(1); }
        text.remove_suffix(1);
    }
    const std::string padding(columns - columns_of(text), ' ');
    return to_the_right ? padding + std::string(text) : std::string(text) + padding;
}

std::string paint(std::string_view text, colour in, const look& style) {
    if (!style.colours || in == colour::none) { return std::string(text); }
    switch (in) {
    case colour::dim:
        return fmt::format(fmt::emphasis::faint, "{}", text);
    case colour::bold:
        return fmt::format(fmt::emphasis::bold, "{}", text);
    case colour::good:
        return fmt::format(fmt::fg(fmt::terminal_color::green), "{}", text);
    default:
        return fmt::format(fmt::fg(fmt::terminal_color::red), "{}", text);
    }
}

std::string bar(double part, std::size_t columns, const look& style) {
    if (columns == 0) { return {}; }
    if (part > 1) {
        return repeat(style.unicode ? "█" : "#", columns - 1) + (style.unicode ? "▶" : ">");
    }
    const double length = std::max(part, 0.0) * static_cast<double>(columns);
    if (!style.unicode) { return repeat("#", static_cast<std::size_t>(length + 0.5)); }
    constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const auto count = static_cast<std::size_t>(length * 8 + 0.5);
    return repeat("█", count / 8) + std::string(eighths[count % 8]);
}

} // namespace alloy::bench
