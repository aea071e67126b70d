// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::identifier_text`: files full of names.

#include "random_letters.hpp"

#include "peers/random.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace alloy::bench {

/// What a file is: names with blanks between them. The n-th of 16 Ki is used about 1/n as often as
/// the first.
inline std::vector<std::string> identifier_text(std::size_t files, std::size_t names_each) {
    random_numbers random(0);
    std::vector<std::string> vocabulary(16'384);
    for (std::string& each : vocabulary) { each = random_letters(random, 3, 28); }
    std::vector<std::string> all(files);
    for (std::string& each : all) {
        for (std::size_t name = 0; name < names_each; ++name) {
            each += vocabulary[random.below(std::uint64_t{2} << random.below(14))] + ' ';
        }
    }
    return all;
}

} // namespace alloy::bench
