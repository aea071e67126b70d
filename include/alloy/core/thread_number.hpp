// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::thread_number`: a small number for each thread.

#include <alloy/core/config.hpp>

#include <atomic>
#include <cstddef>

namespace alloy::inline ALLOY_ABI::detail {

inline constinit std::atomic<std::size_t> threads_numbered{0};
ALLOY_HOT_THREAD_LOCAL inline constinit thread_local std::size_t this_thread_plus_one = 0;

[[nodiscard, gnu::noinline, gnu::cold]] inline std::size_t number_this_thread() noexcept {
    this_thread_plus_one = threads_numbered.fetch_add(1, std::memory_order_relaxed) + 1;
    return this_thread_plus_one - 1;
}

/// How many threads had asked before this one did: threads that take their turn by it spread
/// evenly. @complexity O(1); one word of the thread's own, and no destructor. @threads Any; threads
/// are counted anew where symbols are not shared: see `global`.
[[nodiscard]] inline std::size_t thread_number() noexcept {
    const std::size_t known = this_thread_plus_one;
    return known != 0 ? known - 1 : number_this_thread();
}

} // namespace alloy::inline ALLOY_ABI::detail
