// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::fenced`: where a block lies between its margins.
///
///     begin          at                limit                    end
///     | front margin |  block as asked | back margin and slack  |
///     '------------------ good_size of `whole` -----------------'

#include <alloy/core/policy.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI::detail {

/// A block, and upstream's around it, with margins of at least `Margin` bytes.
template <std::size_t Margin>
struct fenced {
    std::byte* at;
    layout asked;
    std::byte* begin;
    std::byte* end;
    layout whole; ///< What upstream was asked for.

    [[nodiscard]] std::byte* limit() const noexcept { return at + asked.size; }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return static_cast<std::size_t>(end - begin);
    }

    /// Bytes in front of a block.
    [[nodiscard]] static constexpr std::size_t front(std::size_t align) noexcept {
        return round_up(Margin, align);
    }

    /// What to ask upstream; for a sum that is not representable, what nobody can serve.
    [[nodiscard, gnu::always_inline]] static constexpr layout with_margins(layout want) noexcept {
        const std::size_t margins = front(want.align) + Margin;
        const std::size_t room = unlimited - margins;
        return {want.size > room ? unlimited : margins + want.size, want.align};
    }

    /// The block at `where`, of which upstream handed out the whole.
    template <policy Upstream>
    [[nodiscard, gnu::always_inline]] static fenced find(void* where, layout asked,
                                                         const Upstream& upstream) noexcept {
        const layout whole = with_margins(asked);
        auto* const at = static_cast<std::byte*>(where);
        std::byte* const begin = at - front(asked.align);
        return {at, asked, begin, begin + good_size(upstream, whole), whole};
    }
};

} // namespace alloy::inline ALLOY_ABI::detail
