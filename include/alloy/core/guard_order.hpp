// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::guard_rank`: which guard stands outside which.
///
///     caller --> hook --> count --> check --> canary --> wipe --> cache --> strategy --> source
///
/// A hook sees what the program does, and a count what it holds, not what guards add. Whoever reads
/// or writes a block stands inside of what tells whether it is one, so that a wild release does not
/// fault in alloy. A cache hides releases, so it stands inside of all that look at them. Below a
/// strategy, whose blocks are chunks, a new order begins; only a check of what passes the strategy
/// by still counts.

#include <alloy/core/policy.hpp>

namespace alloy::inline ALLOY_ABI {

/// Guards, from the inside out. Each rejects, when it is compiled, to stand inside of a lower one.
enum class guard_rank : unsigned char {
    none,
    cache,  ///< magazine, depot, thread_cached, remote, retaining, shuffled, delayed
    wipe,   ///< wiped
    canary, ///< canaried
    check,  ///< checked
    count,  ///< counted
    hook    ///< hooked
};

/// The rank of the outermost guard of `P`, above its first strategy.
template <policy P>
inline constexpr guard_rank outermost_guard_v = [] {
    if constexpr (requires { guard_rank{P::outermost_guard}; }) { return P::outermost_guard; }
    return guard_rank::none;
}();

namespace detail {

/// The same for what a cache of size classes keeps: not for blocks that have no class.
template <policy P>
inline constexpr guard_rank outermost_guard_of_classes_v = [] {
    if constexpr (requires { guard_rank{P::outermost_guard_of_classes}; }) {
        return P::outermost_guard_of_classes;
    }
    return outermost_guard_v<P>;
}();

/// What a strategy passes on that hands single blocks of its upstream through: a check of them.
template <policy P>
inline constexpr guard_rank guard_passed_on_v =
    outermost_guard_v<P> == guard_rank::check ? guard_rank::check : guard_rank::none;

} // namespace detail

} // namespace alloy::inline ALLOY_ABI
