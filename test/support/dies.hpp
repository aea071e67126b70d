// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::dies`: whether a misuse is found out. Include it before any alloy header:
/// it reroutes ALLOY_ASSERT, so that a release build asserts too.

#include <csignal>
#include <cstdio>

#include <sys/wait.h>
#include <unistd.h>

namespace alloy::test {

/// How a child process ends that failed an assertion.
inline constexpr int asserted = 77;

/// Where a failed ALLOY_ASSERT leads.
[[noreturn]] inline void complain(const char* what) noexcept {
    std::fprintf(stderr, "assertion failed: %s\n", what);
    _exit(asserted);
}

} // namespace alloy::test

#define ALLOY_ASSERT(...)                                                                          \
    ((__VA_ARGS__) ? static_cast<void>(0) : ::alloy::test::complain(#__VA_ARGS__))

#include <alloy/core/sanitize.hpp>

namespace alloy::test {

/// True if `call`, in a process of its own, fails an assertion, is reported by a guard, or is
/// stopped by AddressSanitizer.
template <class Call>
[[nodiscard]] bool dies(Call call) {
    const pid_t child = ::fork();
    if (child == 0) {
        static_cast<void>(std::freopen("/dev/null", "w", stderr)); // the report is expected
        std::signal(SIGABRT, SIG_DFL);                             // and none of the test framework
        call();
        _exit(0);
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child) { return false; }
#if defined(ALLOY_HAS_ASAN)
    return status != 0;
#else
    return (WIFEXITED(status) && WEXITSTATUS(status) == asserted) ||
           (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
#endif
}

} // namespace alloy::test
