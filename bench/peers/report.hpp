// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The result, for people and for programs.

#include "agreement.hpp"
#include "contender.hpp"
#include "experiment.hpp"
#include "support/provenance.hpp"
#include "support/terminal.hpp"

#include <optional>
#include <string>

namespace alloy::bench {

/// All that there is to report.
struct report {
    provenance made;
    const roster* who;
    const experiment* runs;
    int rounds;
    std::optional<agreement> with_earlier; ///< If there is something to compare with.
};

/// How the figures came about, and who is missing; lines of text.
[[nodiscard]] std::string heading(const report& of);

/// That, the tables, and what they answer.
[[nodiscard]] std::string text_of(const report& of, const look& style);

/// One object; its members are named in `bench_peers --help`.
[[nodiscard]] std::string json_of(const report& of);

/// A page with a chart for each column, which needs no other file.
[[nodiscard]] std::string html_of(const report& of);

} // namespace alloy::bench
