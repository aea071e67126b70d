// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The clock of the demo: what this process has used, whoever else wants the machine.

#include <ctime>

namespace alloy::bench {

/// Seconds of processor time, in the program and in the kernel on its behalf.
[[nodiscard]] inline double processor_time() noexcept {
    std::timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

} // namespace alloy::bench
