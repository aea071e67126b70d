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

/// A number whose bits all depend on all of those of `z`; one to one.
/// @source The finaliser of splitmix64: G. L. Steele et al., "Fast splittable pseudorandom number
///         generators", OOPSLA 2014.
[[nodiscard]] constexpr std::uint64_t scattered(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EB;
    return z ^ (z >> 31U);
}

/// A number whose bits depend on those of `a` and `b`, in few instructions; not one to one.
/// @source The multiply-and-fold of W. Yi's wyhash.
[[nodiscard, gnu::always_inline]] constexpr std::uint64_t folded(std::uint64_t a,
                                                                 std::uint64_t b) noexcept {
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

/// 2^64 over the golden ratio: its multiples spread evenly.
inline constexpr std::uint64_t golden = 0x9E3779B97F4A7C15;

/// The address of `at` as a number.
[[nodiscard, gnu::always_inline]] inline std::size_t address(const void* at) noexcept {
    return std::bit_cast<std::uintptr_t>(at);
}

/// True if `at` is a multiple of `align`.
[[nodiscard]] inline bool is_aligned(const void* at, std::size_t align) noexcept {
    return (address(at) & (align - 1)) == 0;
}

} // namespace alloy::inline ALLOY_ABI::detail
