// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What some policies can do beyond allocate and deallocate, one concept an ability.
///
/// An operation that a policy cannot perform is absent, never a stub that always fails: absence is
/// what lets a combinator choose at compile time.

#include <alloy/core/policy.hpp>

#include <concepts>
#include <cstddef>

namespace alloy::inline ALLOY_ABI {

/// A policy that knows its own: `owns` is true for every live block of this policy, false for every
/// block of another, unspecified for dead ones. O(log chunks) at most.
template <class P>
concept owning_policy = policy<P> && requires(const P& p, const void* at) {
    { p.owns(at) } noexcept -> std::same_as<bool>;
};

/// A policy that grows and shrinks blocks where they are. `resize(at, given, size)` is false and
/// changes nothing, or true, and the block then counts as one asked for at `{size, given.align}`.
/// A policy that routes by size refuses a size that it would route elsewhere.
template <class P>
concept resizing_policy = policy<P> && requires(P& p, void* at, layout given, std::size_t size) {
    { p.resize(at, given, size) } noexcept -> std::same_as<bool>;
};

/// A policy that moves many blocks in one call. `allocate_batch(want, out, n)` writes the blocks to
/// `out` and returns how many; fewer than `n` only when out of memory.
template <class P>
concept batching_policy =
    policy<P> && requires(P& p, layout want, void** out, void* const* in, std::size_t n) {
        { p.allocate_batch(want, out, n) } noexcept -> std::same_as<std::size_t>;
        { p.deallocate_batch(in, n, want) } noexcept -> std::same_as<void>;
    };

/// A policy that has a cheaper way to zeroed bytes than clearing a block: all `good_size` of them.
template <class P>
concept zeroing_policy = policy<P> && requires(P& p, layout want) {
    { p.allocate_zeroed(want) } noexcept -> std::same_as<void*>;
};

/// A policy whose owner may end all blocks at once.
template <class P>
concept resettable_policy = policy<P> && requires(P& p) {
    { p.reset() } noexcept -> std::same_as<void>;
};

/// A policy whose owner may end all blocks that are younger than a mark.
template <class P>
concept marking_policy = policy<P> && requires(P& p) {
    { p.mark() } noexcept;
    { p.rewind(p.mark()) } noexcept -> std::same_as<void>;
};

/// A policy that knows a block's size, so that a release need not say it. `usable_size(at)` is what
/// may be written: the block's `good_size`.
template <class P>
concept measuring_policy = policy<P> && requires(const P& p, const void* at) {
    { p.usable_size(at) } noexcept -> std::same_as<std::size_t>;
};

/// A policy that can give back what it keeps. `trim()` empties its own cache upstream, then lets
/// upstream trim; it returns the bytes that left this policy.
template <class P>
concept trimming_policy = policy<P> && requires(P& p) {
    { p.trim() } noexcept -> std::same_as<std::size_t>;
};

/// A policy that can do without the memory behind a part of a block, whose addresses stay.
/// `discard(at, bytes)` gives up the whole pages in that range, where zero is read from then on,
/// and returns their bytes; the other bytes are as before.
template <class P>
concept discarding_policy = policy<P> && requires(P& p, void* at, std::size_t bytes) {
    { p.discard(at, bytes) } noexcept -> std::same_as<std::size_t>;
};

/// A policy that can keep everybody out: while its lock is held nobody is inside, so that the
/// process may fork. For the owner, who must not call anything else meanwhile.
template <class P>
concept lockable_policy = policy<P> && requires(P& p) {
    { p.lock() } noexcept -> std::same_as<void>;
    { p.try_lock() } noexcept -> std::same_as<bool>;
    { p.unlock() } noexcept -> std::same_as<void>;
};

/// A policy whose live blocks lead back to it, whichever thread asks. O(1).
template <class P>
concept homing_policy = policy<P> && requires(void* at) {
    { P::home_of(at) } noexcept -> std::same_as<P*>;
};

/// A policy that must know which thread owns it: the one that adopted it, until it abandons it.
template <class P>
concept adoptable_policy = policy<P> && requires(P& p) {
    { p.adopt() } noexcept -> std::same_as<void>;
    { p.abandon() } noexcept -> std::same_as<void>;
};

namespace detail {

/// allocate_batch() for who has nothing better: one by one. @return How many.
template <class P>
std::size_t allocate_each(P&& from, layout want, void** out, std::size_t n) noexcept {
    std::size_t done = 0;
    while (done < n && (out[done] = from.allocate(want)) != nullptr) { ++done; }
    return done;
}

/// deallocate_batch() likewise.
template <class P>
void deallocate_each(P&& to, void* const* in, std::size_t n, layout given) noexcept {
    for (std::size_t i = 0; i < n; ++i) { to.deallocate(in[i], given); }
}

/// A batch as the policy hands it out, or one by one. @return How many.
template <class P>
std::size_t allocate_batch(P&& from, layout want, void** out, std::size_t n) noexcept {
    if constexpr (batching_policy<std::remove_cvref_t<P>>) {
        return from.allocate_batch(want, out, n);
    } else {
        return allocate_each(from, want, out, n);
    }
}
template <class P>
void deallocate_batch(P&& to, void* const* in, std::size_t n, layout given) noexcept {
    if constexpr (batching_policy<std::remove_cvref_t<P>>) {
        to.deallocate_batch(in, n, given);
    } else {
        deallocate_each(to, in, n, given);
    }
}

/// The lock of a policy that has none but its upstream's.
template <class Self, policy Upstream>
class upstream_lock {
public:
    /// Keeps everybody out of the upstream.
    void lock() noexcept
        requires lockable_policy<Upstream>
    {
        self().each_upstream([](auto&& upstream) noexcept { upstream.lock(); });
    }
    [[nodiscard]] bool try_lock() noexcept
        requires lockable_policy<Upstream>
    {
        bool locked = false;
        self().each_upstream([&](auto&& upstream) noexcept { locked = upstream.try_lock(); });
        return locked;
    }
    void unlock() noexcept
        requires lockable_policy<Upstream>
    {
        self().each_upstream([](auto&& upstream) noexcept { upstream.unlock(); });
    }

private:
    [[nodiscard]] Self& self() noexcept { return static_cast<Self&>(*this); }
};

/// Lets a policy trim if it can. @return Bytes that left it.
template <class P>
constexpr std::size_t trim_if_able(P&& target) noexcept {
    if constexpr (trimming_policy<std::remove_cvref_t<P>>) { return target.trim(); }
    return 0;
}

/// Unlocks those of `all` that have a lock.
template <class... P>
void unlock_each(P&&... all) noexcept {
    const auto unlock = []<class Q>(Q&& one) {
        if constexpr (lockable_policy<std::remove_cvref_t<Q>>) { one.unlock(); }
    };
    (unlock(all), ...);
}

/// Locks those of `all` that have a lock, in this order.
template <class... P>
void lock_each(P&&... all) noexcept {
    const auto lock = []<class Q>(Q&& one) {
        if constexpr (lockable_policy<std::remove_cvref_t<Q>>) { one.lock(); }
    };
    (lock(all), ...);
}

/// Locks those of `all` that have a lock, or none. @return False if somebody is inside.
inline bool try_lock_each() noexcept { return true; }
template <class First, class... Rest>
bool try_lock_each(First&& first, Rest&&... rest) noexcept {
    if constexpr (lockable_policy<std::remove_cvref_t<First>>) {
        if (!first.try_lock()) { return false; }
    }
    if (try_lock_each(rest...)) { return true; }
    unlock_each(first);
    return false;
}

} // namespace detail

} // namespace alloy::inline ALLOY_ABI
