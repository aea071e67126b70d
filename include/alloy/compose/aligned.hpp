// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::aligned`: no block is aligned to less than one value.
///
///     {size, 4} --> {size, Align} --> upstream      both ways, whatever the operation
///
/// Choose it for arrays that vector instructions read, for lines that threads must not share, for
/// pages. Avoid it for small nodes: whoever aligns a block to 64 bytes spends 64 on it.

#include <alloy/core/layer.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>

namespace alloy::inline ALLOY_ABI {

/// Raises the alignment of every request to `Align`.
///
/// @tparam Align    Bytes; a power of two, at most `Upstream::max_align`.
/// @tparam Upstream Where every operation goes. Above a handle this is a handle, and empty above
///                  what is empty.
/// @threads As `Upstream`.
template <std::size_t Align, policy Upstream = new_source>
class aligned : public detail::layer<aligned<Align, Upstream>, Upstream> {
    static_assert(std::has_single_bit(Align), "alloy::aligned: Align is not a power of two");
    static_assert(Align <= Upstream::max_align, "alloy::aligned: Upstream cannot align to Align");
    friend detail::forwarding<aligned, Upstream>;

public:
    using detail::layer<aligned, Upstream>::layer;

private:
    template <class Op>
    decltype(auto) forward(Op operation) const noexcept {
        if constexpr (requires { operation.want; }) { raise(operation.want); }
        if constexpr (requires { operation.given; }) { raise(operation.given); }
        return operation(this->upstream());
    }

    static constexpr void raise(layout& asked) noexcept {
        asked.align = std::max(asked.align, Align);
    }
};

static_assert(stateless_policy<aligned<64>>);

} // namespace alloy::inline ALLOY_ABI
