// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::layer`: a combinator that stands on one upstream and keeps nothing of its
/// own.
///
///     caller --> Self::forward(operation) --> upstream
///
/// What it derives from passes every ability on as an object of `alloy::op`; a layer changes the
/// object, or acts before or after the call. Having no state, it is what its upstream is: a place
/// above a place, a handle above a handle, and nothing to store above a stateless source.

#include <alloy/core/handle.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// Holds an `Upstream` for `Self`, which says how one operation gets there.
template <class Self, policy Upstream>
class layer : public owner_forwarding<Self, Upstream> {
public:
    constexpr layer() = default;

    /// Constructs the upstream in place from `args`; acquires nothing. As implicit as a handle.
    template <class... Args>
        requires(sizeof...(Args) > 0) && std::constructible_from<Upstream, Args...> &&
                (!std::derived_from<std::remove_cvref_t<Args>, layer> && ...)
    constexpr explicit(!handle_policy<Upstream>)
        layer(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::forward<Args>(args)...) {}

    friend bool operator==(const layer& a, const layer& b) noexcept
        requires std::equality_comparable<Upstream>
    {
        return a.upstream_ == b.upstream_;
    }

    /// Keeps everybody out of the upstream.
    void lock() const noexcept
        requires lockable_policy<Upstream>
    {
        upstream_.lock();
    }
    [[nodiscard]] bool try_lock() const noexcept
        requires lockable_policy<Upstream>
    {
        return upstream_.try_lock();
    }
    void unlock() const noexcept
        requires lockable_policy<Upstream>
    {
        upstream_.unlock();
    }

protected:
    [[nodiscard]] constexpr Upstream& upstream() const noexcept { return upstream_; }

private:
    [[no_unique_address]] mutable Upstream upstream_;
};

} // namespace alloy::inline ALLOY_ABI::detail
