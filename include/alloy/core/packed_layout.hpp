// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::packed_layout`: a layout in one word.
///
///     |                     size                     | log2 align |
///      63                                           6 5          0

#include <alloy/core/layout.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace alloy::inline ALLOY_ABI::detail {

/// Equal to that of another layout if both are the same, or neither is of a block that there can
/// be: of 2^58 bytes or more, or aligned to no power of two.
class packed_layout {
public:
    [[gnu::always_inline]] constexpr explicit packed_layout(layout of) noexcept
        : word_(of.size < largest && of.valid()
                    ? of.size << 6U | static_cast<unsigned>(std::countr_zero(of.align))
                    : UINT64_MAX) {}

    [[nodiscard, gnu::always_inline]] constexpr layout unpacked() const noexcept {
        return {word_ >> 6U, std::size_t{1} << (word_ & 63U)};
    }

    friend constexpr bool operator==(packed_layout, packed_layout) = default;

private:
    static constexpr std::size_t largest = UINT64_MAX >> 6U;

    std::uint64_t word_;
};

} // namespace alloy::inline ALLOY_ABI::detail
