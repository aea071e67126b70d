// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::three_way`: which of two objects, or rows of them, comes first.

#include <alloy/core/config.hpp>

#include <algorithm>
#include <compare>

namespace alloy::inline ALLOY_ABI::detail {

/// What can be ordered, by `<=>` or by `<` alone.
template <class T>
concept comparable = std::three_way_comparable<T> || requires(const T& a, const T& b) { a < b; };

/// @source The standard's synth-three-way.
template <comparable T>
[[nodiscard]] auto three_way(const T& a, const T& b) {
    if constexpr (std::three_way_comparable<T>) {
        return a <=> b;
    } else {
        if (a < b) { return std::weak_ordering::less; }
        if (b < a) { return std::weak_ordering::greater; }
        return std::weak_ordering::equivalent;
    }
}

/// Compares element by element.
template <comparable T>
[[nodiscard]] auto three_way(const T* a, const T* a_end, const T* b, const T* b_end) {
    return std::lexicographical_compare_three_way(
        a, a_end, b, b_end, [](const T& one, const T& other) { return three_way(one, other); });
}

} // namespace alloy::inline ALLOY_ABI::detail
