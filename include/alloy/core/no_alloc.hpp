// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::no_alloc_scope`: the promise that a stretch of code allocates nothing.
///
///     {   const no_alloc_scope quiet;        a request of this thread,
///         step();  ---> watched policy --->  counted, and told to the handler
///     }
///
/// It sees what goes through a `watched` policy; with the global operators routed there, all of
/// new. What comes back, and what other threads do, is nobody's concern.
///
/// Choose it in tests of code that must not wait: an audio callback, a control loop, a hot path.

#include <alloy/core/config.hpp>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Told of a request of `bytes` in a no_alloc_scope. If it returns, the request goes on.
using no_alloc_handler = void (*)(std::size_t bytes) noexcept;

namespace detail {

/// Says so, and ends the program.
[[noreturn]] inline void forbid_allocation(std::size_t bytes) noexcept {
    static_cast<void>(
        std::fprintf(stderr, "alloy: %zu bytes requested inside a no_alloc_scope\n", bytes));
    std::abort();
}

inline constinit std::atomic<no_alloc_handler> on_forbidden{forbid_allocation};

/// What a thread may not, and did.
struct vigilance {
    std::size_t scopes = 0;
    std::size_t violations = 0;
};
inline thread_local constinit vigilance watch{};

[[gnu::noinline, gnu::cold]] inline void violate(std::size_t bytes) noexcept {
    ++watch.violations;
    const std::size_t scopes = std::exchange(watch.scopes, 0); // the handler may allocate
    on_forbidden.load(std::memory_order_relaxed)(bytes);
    watch.scopes = scopes;
}

/// A request of `bytes` is made.
inline void note_request(std::size_t bytes) noexcept {
    if (watch.scopes != 0) [[unlikely]] { violate(bytes); }
}

} // namespace detail

/// While it lives, a request of this thread to a `watched` policy is a violation. Scopes nest.
///
/// @threads Ends in the thread that made it.
class [[nodiscard]] no_alloc_scope {
public:
    no_alloc_scope() noexcept : before_(detail::watch.violations) { ++detail::watch.scopes; }

    no_alloc_scope(const no_alloc_scope&) = delete;
    no_alloc_scope& operator=(const no_alloc_scope&) = delete;
    ~no_alloc_scope() { --detail::watch.scopes; }

    /// Requests since this scope began.
    [[nodiscard]] std::size_t violations() const noexcept {
        return detail::watch.violations - before_;
    }

    /// Sets what is called on a violation, in every thread; at first that prints the size to stderr
    /// and aborts. It may itself allocate. @return The handler so far.
    static no_alloc_handler on_violation(no_alloc_handler handler) noexcept {
        return detail::on_forbidden.exchange(handler);
    }

private:
    std::size_t before_;
};

} // namespace alloy::inline ALLOY_ABI
