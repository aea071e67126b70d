// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Powers of two: rounding sizes and addresses to them.

#include <alloy/core/config.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace alloy::inline ALLOY_ABI::detail {

/// The smallest multiple of `step` that is at least `n`. @pre `step` is a power of two, and the
/// result is representable.
[[nodiscard, gnu::always_inline]] constexpr std::size_t round_up(std::size_t n,
                                                                 std::size_t step) noexcept {
    return (n + step - 1) & ~(step - 1);
}

/// The largest power of two that divides `n`; zero for zero. So also the strongest alignment of
/// a block at address `n`, and of every block in an array of stride `n`.
[[nodiscard]] constexpr std::size_t lowest_bit(std::size_t n) noexcept { return n & (~n + 1); }

/// The address of `at` as a number.
[[nodiscard, gnu::always_inline]] inline std::size_t address(const void* at) noexcept {
    return std::bit_cast<std::uintptr_t>(at);
}

/// True if `at` is a multiple of `align`.
[[nodiscard]] inline bool is_aligned(const void* at, std::size_t align) noexcept {
    return (address(at) & (align - 1)) == 0;
}

} // namespace alloy::inline ALLOY_ABI::detail
