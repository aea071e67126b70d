// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Figures and where they came about, as every report in JSON has them.

#include "figure.hpp"
#include "provenance.hpp"

#include <nlohmann/json.hpp>

namespace alloy::bench {

[[nodiscard]] inline nlohmann::ordered_json json_of(const figure& of) {
    return {{"median", of.median}, {"spread", of.spread}};
}

[[nodiscard]] inline nlohmann::ordered_json json_of(const provenance& of) {
    return {{"compiler", of.compiler}, {"library", of.library},     {"build", of.build},
            {"commit", of.commit},     {"processor", of.processor}, {"cores", of.cores},
            {"load", of.load}};
}

} // namespace alloy::bench
