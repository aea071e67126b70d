// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::wiped`: no block goes back with its contents.
///
///     deallocate --> | 0 0 0 0 0 0 0 0 | --> upstream      over its whole good_size
///
/// A block is overwritten with zeros before it is released, by stores that no optimiser drops
/// though nobody will read them. Around a pool that is each block, at once; below one, each chunk
/// that the pool gives back.
///
/// Choose it for keys, passwords and what else must not be found in a core dump or a later block.
/// Avoid it for everything else: a release costs a write of the block. Copies elsewhere, in
/// registers or in swap, it cannot reach.

#include <alloy/core/layer.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/source/new.hpp>

#include <cstddef>
#include <cstring>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// Zeros a block on its way back, even if it is never read again, and what of it is off limits too.
/// @source The barrier of explicit_bzero in the BSD and GNU C libraries.
inline void wipe(void* at, std::size_t bytes) noexcept {
    expect_live(at); // before what follows hides a second release
    unpoison(at, bytes);
    if (bytes > any_size) { return; } // never, but else GCC warns of it
    std::memset(at, 0, bytes);
    asm volatile("" : : "r"(at) : "memory"); // somebody might read them now
}

} // namespace detail

/// Overwrites every block of `Upstream` on its way back.
///
/// There is no reset() and no rewind(), which end blocks unseen; nor are blocks wiped that end with
/// the policy.
///
/// @threads As `Upstream`.
template <policy Upstream = new_source>
class wiped : public detail::layer<wiped<Upstream>, Upstream> {
    friend detail::forwarding<wiped, Upstream>;
    static_assert(outermost_guard_v<Upstream> <= guard_rank::wipe,
                  "alloy::wiped: it would write to what a guard inside has not checked yet");

public:
    using detail::layer<wiped, Upstream>::layer;

    static constexpr guard_rank outermost_guard = guard_rank::wipe;

    void reset() = delete;
    void mark() = delete;
    void rewind() = delete;

private:
    void forward(const op::deallocate& asked) const noexcept {
        detail::wipe(asked.at, alloy::good_size(this->upstream(), asked.given));
        asked(this->upstream());
    }

    void forward(const op::deallocate_batch& asked) const noexcept {
        const std::size_t bytes = alloy::good_size(this->upstream(), asked.given);
        for (std::size_t i = 0; i < asked.n; ++i) { detail::wipe(asked.in[i], bytes); }
        asked(this->upstream());
    }

    /// Never cuts bytes off: wiped before, they would be lost if upstream then refuses; afterwards
    /// they are somebody else's. The caller moves instead, and the whole block is wiped.
    [[nodiscard]] bool forward(const op::resize& asked) const noexcept {
        const Upstream& upstream = this->upstream();
        const layout want{asked.size, asked.given.align};
        return alloy::good_size(upstream, want) >= alloy::good_size(upstream, asked.given) &&
               asked(this->upstream());
    }

    template <class Op>
    decltype(auto) forward(const Op& asked) const noexcept {
        return asked(this->upstream());
    }
};

static_assert(stateless_policy<wiped<>>);

} // namespace alloy::inline ALLOY_ABI
