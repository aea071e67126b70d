// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Keeps everybody out of the process-wide policies while the process forks.
///
///     prepare: lock all   -->   fork   -->   parent, child: unlock all
///
/// A child has one thread and a copy of all memory. If another thread was inside a policy at that
/// moment, the child would find it half changed and locked for ever. So the thread that forks takes
/// every lock first. It never waits for one while it holds another, and so needs no lock order.

#include <alloy/core/config.hpp>

#include <mutex>

#include <pthread.h>
#include <sched.h>

namespace alloy::inline ALLOY_ABI::detail {

class fork_guard;

/// All guards of the program, or of a module where this has hidden visibility.
struct fork_registry {
    std::mutex mutex;
    fork_guard* first = nullptr;
    bool armed = false;
};
inline constinit fork_registry forks{};

/// While it lives, nobody else is inside `place` when the process forks.
///
/// @threads Guards come and go in any thread; not while one forks.
/// @source  POSIX.1-2017, pthread_atfork; trying and letting go again as std::lock does.
class fork_guard {
public:
    /// @pre `place` outlives this object and meets the standard's Lockable.
    template <class Place>
    explicit fork_guard(Place& place) noexcept
        : place_(&place),
          try_lock_([](void* at) noexcept { return static_cast<Place*>(at)->try_lock(); }),
          unlock_([](void* at) noexcept { static_cast<Place*>(at)->unlock(); }) {
        const std::scoped_lock hold{forks.mutex};
        next_ = forks.first;
        forks.first = this;
        if (!forks.armed) { forks.armed = ::pthread_atfork(lock_all, unlock_all, unlock_all) == 0; }
    }

    fork_guard(const fork_guard&) = delete;
    fork_guard& operator=(const fork_guard&) = delete;

    ~fork_guard() {
        const std::scoped_lock hold{forks.mutex};
        fork_guard** at = &forks.first;
        while (*at != this) { at = &(*at)->next_; }
        *at = next_;
    }

private:
    static void lock_all() noexcept {
        forks.mutex.lock();
        for (;;) {
            fork_guard* const busy = lock_until_busy();
            if (busy == nullptr) { return; }
            unlock_before(busy);
            ::sched_yield();
        }
    }

    static void unlock_all() noexcept {
        unlock_before(nullptr);
        forks.mutex.unlock();
    }

    /// @return The first that somebody else holds, or null: then all are held.
    static fork_guard* lock_until_busy() noexcept {
        fork_guard* each = forks.first;
        while (each != nullptr && each->try_lock_(each->place_)) { each = each->next_; }
        return each;
    }

    static void unlock_before(fork_guard* end) noexcept {
        for (fork_guard* each = forks.first; each != end; each = each->next_) {
            each->unlock_(each->place_);
        }
    }

    void* place_;
    bool (*try_lock_)(void*) noexcept;
    void (*unlock_)(void*) noexcept;
    fork_guard* next_ = nullptr;
};

} // namespace alloy::inline ALLOY_ABI::detail
