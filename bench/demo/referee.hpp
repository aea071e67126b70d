// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::referee`: sees to it that all runs gave the same answers.

#include "contender.hpp"
#include "measurement.hpp"
#include "support/file_handle.hpp"

#include <optional>
#include <string>
#include <vector>

namespace alloy::bench {

/// Compares the answers of every run, byte for byte, with those of the first.
class referee {
public:
    /// Takes the answers of a run.
    void judge(const contender& who, const measurement& numbers, file_handle answers);

    /// A sentence for each run that gave other answers.
    [[nodiscard]] const std::vector<std::string>& objections() const noexcept {
        return objections_;
    }

private:
    struct script {
        std::string_view name;
        file_handle file;
        mapping text;
        measurement numbers;
    };

    std::optional<script> first_;
    std::vector<std::string> objections_;
};

} // namespace alloy::bench
