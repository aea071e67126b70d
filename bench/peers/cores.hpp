// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::cores`: those that the process may use, and a thread bound to one of them.

#include <sched.h>

namespace alloy::bench {

/// A scheduler may leave two threads on one core for as long as a run takes, and what they pass to
/// each other never leaves its cache. Bound threads tell of what passes between cores.
class cores {
public:
    cores() noexcept {
        CPU_ZERO(&all_);
        ::sched_getaffinity(0, sizeof all_, &all_);
    }

    /// Binds the calling thread to a core: each in turn, by its number.
    void bind(unsigned number) const noexcept {
        const auto count = static_cast<unsigned>(CPU_COUNT(&all_));
        unsigned left = count != 0 ? number % count : 0;
        for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
            if (!CPU_ISSET(core, &all_) || left-- != 0) { continue; }
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(core, &one);
            ::sched_setaffinity(0, sizeof one, &one);
            return;
        }
    }

    /// Lets the calling thread run on any of them.
    void release() const noexcept { ::sched_setaffinity(0, sizeof all_, &all_); }

private:
    cpu_set_t all_;
};

} // namespace alloy::bench
