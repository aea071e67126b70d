// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief How an adapter takes a block and gives it back: the one place that turns null into an
/// exception, and what a policy rounded up into bytes that AddressSanitizer watches.
///
///     |  used by the caller  |  slack: poisoned until the block comes back  |
///     '------- want ---------'                                              '-- good_size
///
/// A policy's caller may use all of good_size. An adapter's caller was promised `want` alone, and a
/// write beyond it is an error even where it would do no harm.

#include <alloy/core/fail.hpp>
#include <alloy/core/policy.hpp>
#include <alloy/core/sanitize.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI::detail {

/// Makes what `source` rounded up beyond `used` bytes at `at` off limits.
template <policy P>
void poison_slack(const P& source, void* at, layout want, std::size_t used) noexcept {
    if (at == nullptr) { return; }
    poison(static_cast<std::byte*>(at) + used, good_size(source, want) - used);
}

/// Reverts poison_slack(); reports a block that was released before.
template <policy P>
void unpoison_slack(const P& source, void* at, layout given, std::size_t used) noexcept {
    if (used != 0) { expect_live(at); } // before what follows hides a second release
    unpoison(static_cast<std::byte*>(at) + used, good_size(source, given) - used);
}

/// A block of `source` for `want`, or null.
template <policy P>
[[nodiscard]] inline void* try_take(P& source, layout want) noexcept {
    void* const at = source.allocate(want);
    if constexpr (has_asan) { poison_slack(source, at, want, want.size); }
    return at;
}

/// A block of `source` for `want`. @throws std::bad_alloc.
template <policy P>
[[nodiscard]] inline void* take(P& source, layout want) {
    void* const at = try_take(source, want);
    if (at == nullptr) [[unlikely]] { fail_bad_alloc(); }
    return at;
}

/// Releases what take() or try_take() gave for the same layout.
template <policy P>
inline void give_back(P& source, void* at, layout given) noexcept {
    if constexpr (has_asan) { unpoison_slack(source, at, given, given.size); }
    source.deallocate(at, given);
}

} // namespace alloy::inline ALLOY_ABI::detail
