// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::compare_rows`: which of two rows comes first.

#include <alloy/core/config.hpp>

#include <algorithm>
#include <compare>

namespace alloy::inline ALLOY_ABI::detail {

/// What can be ordered, by `<=>` or by `<` alone.
template <class T>
concept comparable = std::three_way_comparable<T> || requires(const T& a, const T& b) { a < b; };

/// Compares element by element. @source The standard's synth-three-way.
template <comparable T>
[[nodiscard]] auto compare_rows(const T* a, const T* a_end, const T* b, const T* b_end) {
    return std::lexicographical_compare_three_way(a, a_end, b, b_end,
                                                  [](const T& one, const T& other) {
                                                      if constexpr (std::three_way_comparable<T>) {
                                                          return one <=> other;
                                                      } else {
                                                          if (one < other) {
                                                              return std::weak_ordering::less;
                                                          }
                                                          if (other < one) {
                                                              return std::weak_ordering::greater;
                                                          }
                                                          return std::weak_ordering::equivalent;
                                                      }
                                                  });
}

} // namespace alloy::inline ALLOY_ABI::detail
