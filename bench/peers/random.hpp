// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::random_numbers`: cheap, and the same for every allocator.

#include <cstdint>

namespace alloy::bench {

/// An xorshift generator.
/// @source G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003.
class random_numbers {
public:
    explicit random_numbers(std::uint64_t seed) noexcept
        : state_(88172645463325252U + (seed << 32U)) {}

    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept {
        state_ ^= state_ << 13U;
        state_ ^= state_ >> 7U;
        state_ ^= state_ << 17U;
        return state_ % bound;
    }

private:
    std::uint64_t state_;
};

} // namespace alloy::bench
