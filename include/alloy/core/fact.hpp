// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What is true of some policies: constants that a policy may declare, each with the safe
/// answer for one that does not.

#include <alloy/core/policy.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI {

/// True if every operation may be called from any thread at any time.
template <policy P>
inline constexpr bool thread_safe_v = [] {
    if constexpr (requires { bool{P::thread_safe}; }) { return P::thread_safe; }
    return false;
}();

/// True if `P` declares aloud that one thread alone uses it, and checks that in debug builds.
template <policy P>
inline constexpr bool single_threaded_v = [] {
    if constexpr (requires { bool{P::single_threaded}; }) { return P::single_threaded; }
    return false;
}();

/// True if every block that `P` hands out is zeroed.
template <policy P>
inline constexpr bool zero_fresh_v = [] {
    if constexpr (requires { bool{P::zero_fresh}; }) { return P::zero_fresh; }
    return false;
}();

/// True if any instance of `P` may take back another's blocks, and live blocks outlast the instance
/// that they came from.
template <policy P>
inline constexpr bool migratory_v = [] {
    if constexpr (requires { bool{P::migratory}; }) { return P::migratory; }
    return false;
}();

/// True if a block may be released in any thread, though all else is for one thread at a time.
template <policy P>
inline constexpr bool release_anywhere_v = [] {
    if constexpr (requires { bool{P::release_anywhere}; }) { return P::release_anywhere; }
    return thread_safe_v<P>;
}();

/// A size in bytes above which `P` serves nothing.
template <policy P>
inline constexpr std::size_t max_size_v = [] {
    if constexpr (requires { std::size_t{P::max_size}; }) { return P::max_size; }
    return any_size;
}();

/// The strongest alignment, in bytes, of what `P` serves; 1 if it serves nothing.
template <policy P>
inline constexpr std::size_t served_align_v = max_size_v<P> != 0 ? P::max_align : 1;

/// True if `P` keeps who asks for a block, so that adapters say for what type; see detail::asking.
template <policy P>
inline constexpr bool keeps_origins_v = [] {
    if constexpr (requires { bool{P::keeps_origins}; }) { return P::keeps_origins; }
    return false;
}();

} // namespace alloy::inline ALLOY_ABI
