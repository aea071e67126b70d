// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::guard_rank`: which guard stands outside which.
///
///     caller --> hook --> count --> check --> wipe --> cache --> strategy --> source
///
/// A hook sees what the program does, and a count what it holds, not what guards add. Whoever reads
/// or writes a block stands inside of what tells whether it is one, so that a wild release does not
/// fault in alloy. A cache hides releases, so it stands inside of all that look at them. Below a
/// strategy, whose blocks are chunks, a new order begins.

#include <alloy/core/policy.hpp>

namespace alloy::inline ALLOY_ABI {

/// Guards, from the inside out. Each rejects, when it is compiled, to stand inside of a lower one.
enum class guard_rank : unsigned char {
    none,
    cache, ///< magazine, shuffled
    wipe,  ///< wiped
    check, ///< checked
    count, ///< counted
    hook   ///< hooked
};

/// The rank of the outermost guard of `P`, above its first strategy.
template <policy P>
inline constexpr guard_rank outermost_guard_v = [] {
    if constexpr (requires { guard_rank{P::outermost_guard}; }) { return P::outermost_guard; }
    return guard_rank::none;
}();

} // namespace alloy::inline ALLOY_ABI
