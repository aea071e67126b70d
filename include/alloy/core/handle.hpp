// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Handles: copyable ways to reach one policy, so that every container of it shares state.
///
///     allocator<int>   --\                                  size        equal
///     allocator<node>  ---+--> handle --> policy    global  empty       always
///     allocator<void*> --/                          ref     a pointer   same instance
///
/// A handle is itself a policy, and may be somebody's upstream. It forwards what every user may
/// call; `owns`, `reset`, `mark` and `rewind` stay with the policy's owner.

#include <alloy/core/fork.hpp>
#include <alloy/core/forward.hpp>

#include <concepts>
#include <memory>
#include <type_traits>

namespace alloy::inline ALLOY_ABI {

/// A policy that is a value: copies reach the same blocks, compare equal, and work when const. A
/// moved-from handle still works. A stateless policy is its own handle.
template <class H>
concept handle_policy = policy<H> && policy<const H> && std::is_nothrow_copy_constructible_v<H> &&
                        std::is_nothrow_copy_assignable_v<H> && requires(const H& a, const H& b) {
                            { a == b } noexcept -> std::same_as<bool>;
                        };

namespace detail {

/// A `T` that is never destroyed, so that the last static destructor can still release to it.
template <class T>
union immortal {
    constexpr immortal() noexcept : value() {}
    immortal(const immortal&) = delete;
    immortal& operator=(const immortal&) = delete;
    constexpr ~immortal() {}

    T value;
};

template <policy P, class Tag>
inline constinit immortal<P> process_wide{};

/// In force before main, or when the module that uses the policy is loaded.
template <lockable_policy P, class Tag>
inline const fork_guard at_fork{process_wide<P, Tag>.value};

} // namespace detail

/// Reaches the one instance of `P` that the process has for `Tag`: constant-initialised, so there
/// is no order of initialisation and no guard to test; never destroyed. A `lockable_policy` is
/// whole in the child of a fork, whatever other threads did with it.
///
/// @tparam P   Thread-safe, or declared `single_threaded`; its default constructor is `constexpr`.
/// @tparam Tag Tells instances apart. The instance has the visibility of `P` and `Tag`: across
///             shared objects it is one by default, if a program that loads some with dlopen()
///             exports its symbols (-rdynamic); and one a module for a hidden `Tag`.
/// @threads As `P`.
template <policy P, class Tag = void>
class global : public detail::forwarding<global<P, Tag>, P> {
    static_assert(
        thread_safe_v<P> || single_threaded_v<P>,
        "alloy::global: every thread reaches this policy: wrap it in alloy::locked, or in "
        "alloy::single_threaded if one thread alone uses it");
    friend detail::forwarding<global, P>;

public:
    static constexpr bool is_always_equal = true;

    /// The instance itself, for its owner.
    [[nodiscard, gnu::always_inline]] static constexpr P& instance() noexcept {
        if constexpr (lockable_policy<P>) { static_cast<void>(&detail::at_fork<P, Tag>); }
        return detail::process_wide<P, Tag>.value;
    }

    friend constexpr bool operator==(global /*a*/, global /*b*/) noexcept { return true; }

private:
    /// Through a register: some processors forward a store to a later load at no cost, but only
    /// where both name the same register and offset, and relative to the instruction pointer each
    /// has another.
    template <class Op>
    [[gnu::always_inline]] static decltype(auto) forward(const Op& operation) noexcept {
        P* at = std::addressof(instance());
        asm("" : "+r"(at));
        return operation(*at);
    }
};

/// Reaches a policy that outlives every user of the handle: an arena or pool on the stack or in an
/// object. Converts from the policy, so that a container's constructor takes the arena itself.
///
/// @threads As `P`.
template <policy P>
class ref : public detail::forwarding<ref<P>, P> {
    friend detail::forwarding<ref, P>;

public:
    static constexpr bool is_always_equal = false;

    constexpr ref(P& target) noexcept : target_(std::addressof(target)) {}

    friend constexpr bool operator==(const ref& a, const ref& b) noexcept {
        return a.target_ == b.target_;
    }

private:
    template <class Op>
    [[gnu::always_inline]] decltype(auto) forward(const Op& operation) const noexcept {
        return operation(*target_);
    }

    P* target_;
};

namespace detail {

template <policy P>
struct handle_of {
    using type = global<P>;
};

template <handle_policy P>
struct handle_of<P> {
    using type = P;
};

} // namespace detail

/// How an adapter of `P` reaches it: `P` itself if that is a handle, or else global<P>.
template <policy P>
using handle_for = typename detail::handle_of<P>::type;

} // namespace alloy::inline ALLOY_ABI
