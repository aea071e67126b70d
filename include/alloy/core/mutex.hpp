// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::spin_lock` and `alloy::null_mutex`: locks for `locked`, besides std::mutex.

#include <alloy/core/config.hpp>

#include <atomic>

#include <sched.h>

namespace alloy::inline ALLOY_ABI {

/// A lock of one byte that spins, and then lets others run.
///
/// Choose it where a lock is held for less than a system call takes: a waiter never sleeps, and
/// unlock() is one store. Avoid it where threads are of different priority: the one that waits may
/// keep the one that holds it from running.
///
/// @threads Safe; not fair, not recursive.
/// @source  Test and test-and-set: L. Rudolph and Z. Segall, "Dynamic Decentralized Cache Schemes
///          for MIMD Parallel Processors", ISCA 1984.
class spin_lock {
public:
    constexpr spin_lock() noexcept = default;
    spin_lock(const spin_lock&) = delete;
    spin_lock& operator=(const spin_lock&) = delete;
    ~spin_lock() = default;

    [[gnu::always_inline]] void lock() noexcept {
        if (held_.exchange(true, std::memory_order_acquire)) [[unlikely]] { wait(); }
    }
    [[nodiscard]] bool try_lock() noexcept {
        return !held_.load(std::memory_order_relaxed) &&
               !held_.exchange(true, std::memory_order_acquire);
    }
    [[gnu::always_inline]] void unlock() noexcept { held_.store(false, std::memory_order_release); }

private:
    static constexpr unsigned patience = 100; // looks, a few cycles each, before others may run

    [[gnu::noinline, gnu::cold]] void wait() noexcept {
        for (unsigned looks = 1; !try_lock(); ++looks) {
            if (looks % patience == 0) {
                ::sched_yield();
            } else {
#if defined(__x86_64__) || defined(__i386__)
                __builtin_ia32_pause();
#endif
            }
        }
    }

    std::atomic<bool> held_{false};
};

/// Locks nothing: for one thread, where a type asks for a mutex.
struct null_mutex {
    static constexpr void lock() noexcept {}
    [[nodiscard]] static constexpr bool try_lock() noexcept { return true; }
    static constexpr void unlock() noexcept {}
};

} // namespace alloy::inline ALLOY_ABI
