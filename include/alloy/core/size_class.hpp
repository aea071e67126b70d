// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Which of a row of sizes a request belongs to: `alloy::linear_classes`, equally spaced,
/// `alloy::geometric_classes`, wider apart as they grow, and `alloy::listed_classes`, any.
///
///     size     1..8   9..16   17..24   25..32   ...   121..128
///     index      0      1        2        3     ...      15
///     align      8     16        8       32     ...     128
///
/// A class's blocks are aligned to the largest power of two that divides its size, so a stronger
/// alignment is served by rounding the size up to it: no class holds a misaligned block.

#include <alloy/core/layout.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

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
    [[nodiscard, gnu::always_inline]] static constexpr layout at(std::size_t index) noexcept {
        const std::size_t size = (index + 1) * Step;
        return {size, detail::lowest_bit(size)};
    }
};

/// Sizes `Step`, 2 `Step`, ... 2 `Parts` `Step`, and from there on `Parts` to a doubling, in bytes:
/// above `Parts` `Step`, less than one part in `Parts` of a block is lost.
///
/// @source The groups of four of jemalloc (J. Evans, BSDCan 2006, and later versions' source).
template <std::size_t Step, std::size_t Parts, std::size_t Largest>
struct geometric_classes {
    static_assert(std::has_single_bit(Step) && std::has_single_bit(Parts) &&
                      std::has_single_bit(Largest) && Largest >= 2 * Parts * Step,
                  "alloy::geometric_classes: not powers of two, or Largest below 2 Parts Step");

    static constexpr std::size_t largest = Largest; ///< Bytes; what is larger has no class.

    /// As that of linear_classes.
    [[nodiscard]] static constexpr std::size_t rounded(layout want) noexcept {
        if (!serves(want)) [[unlikely]] { return largest + 1; }
        const std::size_t size = aligned(want);
        return detail::round_up(size, Step << doublings_at(size));
    }

    /// True if some class serves `want`: `largest` is a multiple of every alignment below it.
    [[nodiscard, gnu::always_inline]] static constexpr bool serves(layout want) noexcept {
        return want.size <= largest && want.align <= largest;
    }

    /// The class of blocks of `size` bytes, a result of rounded().
    [[nodiscard, gnu::always_inline]] static constexpr std::size_t
    index_of(std::size_t size) noexcept {
        const std::size_t doublings = doublings_at(size);
        return ((size - 1) >> doublings) / Step + Parts * doublings;
    }

    /// The class of `want`. @pre `serves(want)`. @complexity O(1); a constant for a constant.
    [[nodiscard, gnu::always_inline]] static constexpr std::size_t index(layout want) noexcept {
        return index_of(aligned(want));
    }

    /// What every block of class `index` is: its size and its natural alignment.
    [[nodiscard]] static constexpr layout at(std::size_t index) noexcept {
        const std::size_t doublings = std::max(index / Parts, std::size_t{1}) - 1;
        const std::size_t size = (index - Parts * doublings + 1) * (Step << doublings);
        return {size, detail::lowest_bit(size)};
    }

private:
    static constexpr std::size_t even = 2 * Parts * Step; // up to here all lie as close

    /// What a block must hold so that it lies as `want` asks.
    static constexpr std::size_t aligned(layout want) noexcept {
        return want.align <= Step ? want.size : detail::round_up(want.size, want.align);
    }

    /// How often the distance from one size to the next has doubled. Without a branch, since sizes
    /// around `even` come in no order; by a builtin, since std::bit_width is called without
    /// optimisation.
    static constexpr std::size_t doublings_at(std::size_t size) noexcept {
        return static_cast<std::size_t>(__builtin_clzl(even - 1) -
                                        __builtin_clzl((size - 1) | (even - 1)));
    }

public:
    static constexpr std::size_t count = index_of(Largest) + 1; ///< Classes.
};

namespace detail {

/// True for at least one and fewer than 256 sizes, each a multiple of `step` and above the last.
consteval bool are_rising_multiples(const auto& sizes, std::size_t step) {
    std::size_t before = 0;
    for (const std::size_t size : sizes) {
        if (size <= before || size % step != 0) { return false; }
        before = size;
    }
    return before != 0 && sizes.size() < 256;
}

} // namespace detail

/// The sizes in `Sizes`, in bytes: rising multiples of `Step`. best_classes() finds good ones.
///
/// A table of one byte for each `Step` bytes of the largest size leads to the class.
template <std::array Sizes, std::size_t Step = 8>
struct listed_classes {
    static_assert(Step > 0 && (Step & (Step - 1)) == 0,
                  "alloy::listed_classes: not a power of two");
    static_assert(detail::are_rising_multiples(Sizes, Step),
                  "alloy::listed_classes: the sizes are not rising multiples of Step");

    static constexpr std::size_t count = Sizes.size();   ///< Classes.
    static constexpr std::size_t largest = Sizes.back(); ///< Bytes; what is larger has no class.

    /// Bytes that a request of class serves: the first size that holds `want` and whose blocks are
    /// aligned as strongly. @return More than #largest exactly when no class serves `want`.
    [[nodiscard]] static constexpr std::size_t rounded(layout want) noexcept {
        if (want.size > largest) [[unlikely]] { return largest + 1; }
        std::size_t index = first_for(want.size);
        while (index < count && Sizes[index] % want.align != 0) { ++index; }
        return index < count ? Sizes[index] : largest + 1;
    }

    /// True if some class serves `want`.
    [[nodiscard]] static constexpr bool serves(layout want) noexcept {
        return rounded(want) <= largest;
    }

    /// The class of blocks of `size` bytes, a result of rounded().
    [[nodiscard]] static constexpr std::size_t index_of(std::size_t size) noexcept {
        return first_for(size);
    }

    /// The class of `want`. @pre `serves(want)`. @complexity O(1) up to an alignment of `Step`,
    /// above it O(classes); a constant for a constant.
    [[nodiscard]] static constexpr std::size_t index(layout want) noexcept {
        return index_of(rounded(want));
    }

    /// What every block of class `index` is: its size and its natural alignment.
    [[nodiscard]] static constexpr layout at(std::size_t index) noexcept {
        return {Sizes[index], detail::lowest_bit(Sizes[index])};
    }

private:
    static constexpr std::array<std::uint8_t, largest / Step> table = [] {
        std::array<std::uint8_t, largest / Step> first{};
        std::uint8_t index = 0;
        for (std::size_t i = 0; i < first.size(); ++i) {
            if ((i + 1) * Step > Sizes[index]) { ++index; }
            first[i] = index;
        }
        return first;
    }();

    static constexpr std::size_t first_for(std::size_t size) noexcept {
        return table[(size - 1) / Step];
    }
};

namespace detail {

/// The strongest alignment of any class, in bytes.
template <class Classes>
inline constexpr std::size_t strongest_of = [] {
    std::size_t align = 1;
    for (std::size_t i = 0; i < Classes::count; ++i) {
        align = std::max(align, Classes::at(i).align);
    }
    return align;
}();

/// True if `Classes` is a map as size_classes needs it: classes rise, each is aligned to a power of
/// two that divides its size, and each begins where the one before ends.
template <class Classes>
consteval bool is_size_map() {
    std::size_t below = 0;
    for (std::size_t i = 0; i < Classes::count; ++i) {
        const layout block = Classes::at(i);
        if (!block.valid() || block.size % block.align != 0) { return false; }
        const layout least{below + 1, 1};
        if (Classes::index(least) != i || Classes::index(block) != i) { return false; }
        if (Classes::rounded(least) != block.size || Classes::rounded(block) != block.size) {
            return false;
        }
        if (Classes::index_of(block.size) != i) { return false; }
        below = block.size;
    }
    return Classes::largest == below && !Classes::serves({below + 1, 1}) &&
           Classes::rounded({unlimited, 1}) > below;
}

} // namespace detail

} // namespace alloy::inline ALLOY_ABI
