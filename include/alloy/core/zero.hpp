// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Zeroed blocks from any policy, the cheapest way that it has.

#include <alloy/core/ability.hpp>
#include <alloy/core/fact.hpp>

#include <cstddef>
#include <cstring>

namespace alloy::inline ALLOY_ABI::detail {

/// Zeros a part of a block.
inline void* zero(void* at, std::size_t bytes) noexcept {
    if (bytes > any_size) { __builtin_unreachable(); } // compilers warn of blocks that cannot be
    return std::memset(at, 0, bytes);
}

/// A block of `source` for `want`, zero over its whole good_size; or null.
template <policy P>
[[nodiscard]] inline void* allocate_zeroed(P& source, layout want) noexcept {
    if constexpr (zero_fresh_v<P>) {
        return source.allocate(want);
    } else if constexpr (zeroing_policy<P>) {
        return source.allocate_zeroed(want);
    } else {
        void* const at = source.allocate(want);
        return at == nullptr ? nullptr : zero(at, good_size(source, want));
    }
}

} // namespace alloy::inline ALLOY_ABI::detail
