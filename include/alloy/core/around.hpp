// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::around`: an advice around every operation of a policy.
///
///     caller --> advice(operation, proceed) --> upstream
///
/// An advice is one function object. It is given what is asked, as an object of `alloy::op`, and a
/// call that goes on to the upstream: it may watch, wait, refuse, or pass on as it likes, and it
/// overloads on those operations that it cares for; `proceed.upstream` is there to ask for more
/// than one call. `good_size` is pure and goes past it.
///
/// Choose it for concerns that only watch or guard calls: locks, counts, limits, injected failure.
/// Avoid it for what changes which bytes are handed out: that is a combinator of its own.

#include <alloy/core/forward.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/type_name.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Calls `Advice` around every operation of `Upstream`, and offers every ability that it has.
///
/// @tparam Advice   `advice(operation, proceed)` returns what `proceed()` does; a fact that it
///                  declares (`thread_safe`, `single_threaded`) overrides the upstream's.
/// @tparam Upstream Where every operation goes.
/// @threads As `Advice` says, or else as `Upstream`.
/// @source  "Around advice": G. Kiczales et al., Aspect-Oriented Programming, ECOOP 1997.
template <class Advice, policy Upstream>
class around : public detail::owner_forwarding<around<Advice, Upstream>, Upstream> {
    friend detail::forwarding<around, Upstream>;
    static constexpr bool advice_locks = requires(Advice& a) { a.lock(); };
    static constexpr bool lockable = advice_locks || lockable_policy<Upstream>;

public:
    static constexpr bool thread_safe = [] {
        if constexpr (requires { bool{Advice::thread_safe}; }) { return Advice::thread_safe; }
        return thread_safe_v<Upstream>;
    }();
    static constexpr bool single_threaded = [] {
        if constexpr (requires { bool{Advice::single_threaded}; }) {
            return Advice::single_threaded;
        }
        return single_threaded_v<Upstream>;
    }();

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, around> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        around(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    around(const around&) = delete;
    around& operator=(const around&) = delete;
    ~around() = default;

    /// The advice itself, for the owner.
    [[nodiscard]] Advice& advice() const noexcept { return advice_; }

    /// Keeps everybody out, where the advice is a lock or there is one further in.
    void lock() const noexcept
        requires lockable
    {
        lock_place().lock();
    }
    [[nodiscard]] bool try_lock() const noexcept
        requires lockable
    {
        return lock_place().try_lock();
    }
    void unlock() const noexcept
        requires lockable
    {
        lock_place().unlock();
    }

private:
    /// The call that goes on; a lambda would be one more call in unoptimised builds.
    template <class Op, class Next>
    struct proceed {
        const Op& operation;
        Next& upstream;
        [[gnu::always_inline]] decltype(auto) operator()() const noexcept {
            return operation(upstream);
        }
    };
    template <class Op, class Next>
    proceed(const Op&, Next&) -> proceed<Op, Next>;

    [[nodiscard]] auto& lock_place() const noexcept {
        if constexpr (advice_locks) {
            return advice_;
        } else {
            return upstream_.get();
        }
    }

    template <class Op>
    [[gnu::always_inline]] decltype(auto) forward(const Op& operation) const noexcept {
        auto&& upstream = upstream_.get();
        if constexpr (std::same_as<Op, op::good_size>) {
            return operation(upstream);
        } else {
            return advice_(operation, proceed{operation, upstream});
        }
    }

    [[no_unique_address]] mutable Advice advice_;
    [[no_unique_address]] mutable detail::member<Upstream, around> upstream_;
};

namespace detail {

/// What to call one policy of a composition: an advice alone tells what `around` does.
template <class P>
inline constexpr std::string_view layer_name = template_name<P>;
template <class Advice, policy Upstream>
inline constexpr std::string_view layer_name<around<Advice, Upstream>> = template_name<Advice>;

} // namespace detail

} // namespace alloy::inline ALLOY_ABI
