// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The result of the demo, for people and for programs.

#include "corpus.hpp"
#include "experiment.hpp"
#include "summary.hpp"
#include "support/provenance.hpp"
#include "support/terminal.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace alloy::bench {

/// All that there is to report.
struct report {
    provenance made;
    const corpus* texts;
    std::size_t identifiers;
    const experiment* runs;
    std::vector<row> rows;
    std::vector<std::string> findings;

    [[nodiscard]] std::size_t rounds() const { return runs->all.front().runs.size(); }
};

/// A heading, the table, its legend and the findings.
[[nodiscard]] std::string text_of(const report& of, const look& style);

/// One object; its members are named in `demo --help`.
[[nodiscard]] std::string json_of(const report& of);

} // namespace alloy::bench
