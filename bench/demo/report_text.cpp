// SPDX-License-Identifier: BSL-1.0

#include "report.hpp"
#include "support/ink.hpp"
#include "support/number.hpp"
#include "table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

namespace alloy::bench {
namespace {

// Breaks between words; lines after the first are indented.
std::string wrap(std::string_view text, std::size_t columns) {
    std::string all;
    std::size_t used = 0;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        if (used > 0 && used + 1 + columns_of(word) > columns) {
            all += "\n  ";
            used = 2;
        } else if (used > 0) {
            all += ' ';
            ++used;
        }
        all += word;
        used += columns_of(word);
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return all + '\n';
}

std::string heading(const report& of) {
    return fmt::format(
        "An index of every identifier in {}: {} files, {} MB, {} identifiers, {} blocks. "
        "{} round{}, a process for each run; {}, {} cores, load {:.1f} at the start; {}, {}, {}; "
        "alloy "
        "{}.",
        of.texts->root.string(), of.texts->files.size(),
        three_digits(static_cast<double>(of.texts->bytes) / 1e6), of.identifiers,
        of.rows.front().asked.blocks, of.rounds(),
        of.rounds() == 1 ? " (which shows no spread)" : "s", of.made.processor, of.made.cores,
        of.made.load, of.made.compiler, of.made.library, of.made.build, of.made.commit);
}

std::string legend(const look& style) {
    return fmt::format(
        "Names without a prefix are alloy's. Times are processor time; below each is its ratio to "
        "the first line: more is faster, a full bar is 4. {} is half of the interquartile range. "
        "Build adds all files; age takes half of them away and adds them again, three times; walk "
        "then reads every mention; free gives all memory back to the allocator. Peak is the most "
        "memory added at any time; waste is what was resident after build less what was asked for, "
        "for each node. An index that is dropped is "
        "freed as a whole, without its destructors, and its memory kept for the next or returned "
        "to the "
        "system.",
        style.unicode ? "±" : "+-");
}

} // namespace

std::string text_of(const report& of, const look& style) {
    std::string all = wrap(heading(of), style.columns) + '\n' + table(of.rows, style) + '\n';
    all += paint(wrap(legend(style), style.columns), colour::dim, style) + '\n';
    for (const std::string& each : of.findings) {
        all += wrap((style.unicode ? "• " : "* ") + each, style.columns);
    }
    return all;
}

} // namespace alloy::bench
