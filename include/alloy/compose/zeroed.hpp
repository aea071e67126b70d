// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::zeroed`: every block is zero when it is handed out.
///
///     allocate --> upstream --> | 0 0 0 0 0 0 0 0 |      over its whole good_size
///
/// Blocks are cleared on their way out, unless upstream has them zeroed already or knows a cheaper
/// way. What resize() adds is zero too.
///
/// Choose it for code that reads what it never wrote, and to make runs repeatable. Avoid it where
/// blocks are filled at once: every byte is written twice.

#include <alloy/core/layer.hpp>
#include <alloy/core/zero.hpp>
#include <alloy/source/new.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI {

/// Hands out the blocks of `Upstream`, zeroed.
///
/// @threads As `Upstream`.
template <policy Upstream = new_source>
class zeroed : public detail::layer<zeroed<Upstream>, Upstream> {
    friend detail::forwarding<zeroed, Upstream>;

public:
    using detail::layer<zeroed, Upstream>::layer;

    static constexpr bool zero_fresh = true;

    /// As allocate(). @complexity As upstream's, and O(size) where it has no zeroed bytes.
    [[nodiscard]] void* allocate_zeroed(layout want) const noexcept { return this->allocate(want); }

private:
    [[nodiscard, gnu::always_inline]] void* forward(const op::allocate& asked) const noexcept {
        return detail::allocate_zeroed(this->upstream(), asked.want);
    }

    [[nodiscard]] std::size_t forward(const op::allocate_batch& asked) const noexcept {
        const std::size_t n = asked(this->upstream());
        if constexpr (!zero_fresh_v<Upstream>) {
            const std::size_t bytes = alloy::good_size(this->upstream(), asked.want);
            for (std::size_t i = 0; i < n; ++i) { detail::zero(asked.out[i], bytes); }
        }
        return n;
    }

    [[nodiscard]] bool forward(const op::resize& asked) const noexcept {
        const Upstream& upstream = this->upstream();
        const std::size_t before = alloy::good_size(upstream, asked.given);
        const std::size_t after = alloy::good_size(upstream, {asked.size, asked.given.align});
        if (!asked(this->upstream())) { return false; }
        if (after > before) {
            detail::zero(static_cast<std::byte*>(asked.at) + before, after - before);
        }
        return true;
    }

    template <class Op>
    decltype(auto) forward(const Op& asked) const noexcept {
        return asked(this->upstream());
    }
};

static_assert(stateless_policy<zeroed<>> && zeroing_policy<zeroed<>> && zero_fresh_v<zeroed<>>);

} // namespace alloy::inline ALLOY_ABI
