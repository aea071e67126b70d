// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::linear_classes`: which of a row of equally spaced sizes a request belongs to.
///
///     size     1..8   9..16   17..24   25..32   ...   121..128
///     index      0      1        2        3     ...      15
///     align      8     16        8       32     ...     128
///
/// A class's blocks are aligned to the largest power of two that divides its size, so a stronger
/// alignment is served by rounding the size up to it: no class holds a misaligned block.

#include <alloy/core/layout.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI {

/// Sizes `Step`, 2 `Step`, ... `Count` `Step`, in bytes.
///
/// @source The 16 bins of 8 bytes are those of the SGI STL's default allocator (M. Austern,
///         Generic Programming and the STL, 1998).
template <std::size_t Step, std::size_t Count>
struct linear_classes {
    static_assert(Step > 0 && (Step & (Step - 1)) == 0,
                  "alloy::linear_classes: not a power of two");

    static constexpr std::size_t count = Count;          ///< Classes.
    static constexpr std::size_t largest = Step * Count; ///< Bytes; what is larger has no class.

    /// Bytes that a request of class serves: `want` rounded up to the step and to its alignment.
    /// @return More than #largest exactly when no class serves `want`.
    [[nodiscard, gnu::always_inline]] static constexpr std::size_t rounded(layout want) noexcept {
        if (want.size > largest || want.align > largest) [[unlikely]] { return largest + 1; }
        return detail::round_up(want.size, want.align > Step ? want.align : Step);
    }

    /// True if some class serves `want`.
    [[nodiscard]] static constexpr bool serves(layout want) noexcept {
        return rounded(want) <= largest;
    }

    /// The class of blocks of `size` bytes, a result of rounded().
    [[nodiscard, gnu::always_inline]] static constexpr std::size_t
    index_of(std::size_t size) noexcept {
        return size / Step - 1;
    }

    /// The class of `want`. @pre `serves(want)`. @complexity O(1); a constant for a constant.
    [[nodiscard]] static constexpr std::size_t index(layout want) noexcept {
        return index_of(rounded(want));
    }

    /// What every block of class `index` is: its size and its natural alignment.
    [[nodiscard]] static constexpr layout at(std::size_t index) noexcept {
        const std::size_t size = (index + 1) * Step;
        return {size, detail::lowest_bit(size)};
    }
};

} // namespace alloy::inline ALLOY_ABI
