// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::locked`: one caller at a time.
///
/// | `Mutex`      | a waiter                 | an operation, alone       |
/// |--------------|--------------------------|---------------------------|
/// | `std::mutex` | sleeps in the kernel     | two atomic exchanges      |
/// | `spin_lock`  | spins, then yields       | an exchange and a store   |
/// | `null_mutex` | there is none: unlocked  | nothing; not thread-safe  |
///
/// Choose it to share any policy between threads where a lock an operation is cheap enough. Avoid
/// it under contention: all threads wait for one another.

#include <alloy/core/around.hpp>
#include <alloy/core/mutex.hpp>
#include <alloy/source/new.hpp>

#include <concepts>
#include <mutex>

namespace alloy::inline ALLOY_ABI {

/// Holds a `Mutex` during every operation.
template <class Mutex = std::mutex>
class locking {
public:
    static constexpr bool thread_safe = !std::same_as<Mutex, null_mutex>;

    template <class Op, class Proceed>
    [[gnu::always_inline]] decltype(auto) operator()(const Op& /*any*/,
                                                     const Proceed& proceed) noexcept {
        const held hold{*this};
        return proceed();
    }

    [[gnu::always_inline]] void lock() noexcept { mutex_.lock(); }
    [[nodiscard]] bool try_lock() noexcept { return mutex_.try_lock(); }
    [[gnu::always_inline]] void unlock() noexcept { mutex_.unlock(); }

private:
    /// std::scoped_lock, without its calls in unoptimised builds.
    struct held {
        [[gnu::always_inline]] explicit held(locking& lock) noexcept : lock_(lock) { lock_.lock(); }
        held(const held&) = delete;
        held& operator=(const held&) = delete;
        [[gnu::always_inline]] ~held() { lock_.unlock(); }
        locking& lock_;
    };

    [[no_unique_address]] Mutex mutex_;
};

/// `Upstream` behind a lock.
///
/// @threads Safe; waits for the lock. Not reentrant.
template <policy Upstream, class Mutex = std::mutex>
using locked = around<locking<Mutex>, Upstream>;

static_assert(lockable_policy<locked<new_source>> && thread_safe_v<locked<new_source>>);
static_assert(sizeof(locked<new_source, spin_lock>) == 1);

} // namespace alloy::inline ALLOY_ABI
