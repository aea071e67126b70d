// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::random_letters`: words of the texts that the programs read.

#include "peers/random.hpp"

#include <cstdint>
#include <string>

namespace alloy::bench {

/// From `least` to `most` letters.
inline std::string random_letters(random_numbers& random, std::uint64_t least, std::uint64_t most) {
    std::string letters(least + random.below(most - least + 1), '\0');
    for (char& each : letters) { each = static_cast<char>('a' + random.below(26)); }
    return letters;
}

} // namespace alloy::bench
