// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::single_threaded`: the promise, aloud, that one thread alone uses a policy.
///
/// The first thread that calls becomes the owner. Debug builds assert that all others are the same;
/// builds with NDEBUG neither look nor pay. The word for the owner is there in both, so that they
/// agree on the layout.
///
/// Choose it for a process-wide policy in a program of one thread, or used by one of its threads.

#include <alloy/core/around.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/source/new.hpp>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// Its address tells threads apart.
inline thread_local constinit char this_thread = 0;

} // namespace detail

/// Asserts that every operation is called by one thread.
class one_thread {
public:
    static constexpr bool single_threaded = true;

    template <class Op, class Proceed>
    [[gnu::always_inline]] decltype(auto) operator()(const Op& /*any*/,
                                                     const Proceed& proceed) noexcept {
        ALLOY_ASSERT(is_owner() && "a second thread: alloy::locked, or alloy::pool_allocator");
        return proceed();
    }

private:
    [[nodiscard, gnu::always_inline]] bool is_owner() noexcept {
        if (owner_ == nullptr) { owner_ = &detail::this_thread; }
        return owner_ == &detail::this_thread;
    }

    const char* owner_ = nullptr;
};

/// `Upstream` for one thread.
///
/// @threads The one that called first.
template <policy Upstream>
using single_threaded = around<one_thread, Upstream>;

static_assert(policy<single_threaded<new_source>> &&
              single_threaded_v<single_threaded<new_source>>);

} // namespace alloy::inline ALLOY_ABI
