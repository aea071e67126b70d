// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The result, for people and for programs.

#include "../demo/provenance.hpp"
#include "../demo/terminal.hpp"
#include "contender.hpp"
#include "experiment.hpp"

#include <string>

namespace alloy::bench {

/// All that there is to report.
struct report {
    demo::provenance made;
    const roster* who;
    const experiment* runs;
    int rounds;
};

/// A heading, the tables, and what they answer.
[[nodiscard]] std::string text_of(const report& of, const demo::look& style);

/// One object; its members are named in `bench_threads --help`.
[[nodiscard]] std::string json_of(const report& of);

} // namespace alloy::bench
