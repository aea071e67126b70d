// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::packed_layout`: a layout in one word, and whether its block came back.
///
///     | released |                size                | log2 align |
///          63     62                                 6 5          0

#include <alloy/core/layout.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace alloy::inline ALLOY_ABI::detail {

/// Equal to that of another layout if both are the same, or neither is of a block that there can
/// be: of 2^57 bytes or more, or aligned to no power of two. One that was released equals none.
class packed_layout {
public:
    constexpr packed_layout() = default;
    [[gnu::always_inline]] constexpr explicit packed_layout(layout of) noexcept
        : word_(of.size < largest && of.valid()
                    ? of.size << 6U | static_cast<unsigned>(std::countr_zero(of.align))
                    : released_bit - 1) {}

    [[nodiscard, gnu::always_inline]] constexpr layout unpacked() const noexcept {
        return {(word_ & ~released_bit) >> 6U, std::size_t{1} << (word_ & 63U)};
    }

    [[gnu::always_inline]] constexpr void release() noexcept { word_ |= released_bit; }
    [[nodiscard]] constexpr bool released() const noexcept { return word_ >= released_bit; }

    friend constexpr bool operator==(packed_layout, packed_layout) = default;

private:
    static constexpr std::uint64_t released_bit = std::uint64_t{1} << 63U;
    static constexpr std::size_t largest = released_bit >> 6U;

    std::uint64_t word_ = 0;
};

} // namespace alloy::inline ALLOY_ABI::detail
