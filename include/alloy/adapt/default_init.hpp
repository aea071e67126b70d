// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::default_init`: a container that grows without clearing what it grows by.
///
///     vector<int, A> v(n)                  | 0 | 0 | 0 | ... |
///     vector<int, default_init<A>> v(n)    | ? | ? | ? | ... |      not touched
///
/// Choose it for buffers that are filled at once: from a file, a socket, a computation. Avoid it
/// where anybody relies on zeros; reading an element before it is written is undefined.

#include <alloy/core/config.hpp>

#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Any standard `Allocator`, which default-initialises where no value is given: numbers and
/// aggregates of them are left as they are, and what has a constructor is constructed.
///
/// @threads As `Allocator`.
template <class Allocator>
class default_init : public Allocator {
    using traits = std::allocator_traits<Allocator>;

public:
    template <class U>
    struct rebind {
        using other = default_init<typename traits::template rebind_alloc<U>>;
    };

    using Allocator::Allocator;
    constexpr default_init() = default;

    /// The same allocator, and one of another type.
    constexpr default_init(const Allocator& plain) noexcept : Allocator(plain) {}
    template <class Other>
        requires std::is_constructible_v<Allocator, const Other&>
    constexpr default_init(const default_init<Other>& other) noexcept
        : Allocator(static_cast<const Other&>(other)) {}

    /// Makes a `U` without a value; leaves it to an `Allocator` that has a way of its own, unless
    /// there is nothing to do.
    template <class U>
    constexpr void construct(U* at) noexcept(std::is_nothrow_default_constructible_v<U>) {
        constexpr bool own_way = requires(Allocator& a) { a.construct(at); };
        if constexpr (own_way && !std::is_trivially_default_constructible_v<U>) {
            Allocator::construct(at);
        } else if (std::is_constant_evaluated()) {
            std::construct_at(at);
        } else {
            ::new (static_cast<void*>(at)) U;
        }
    }

    template <class U, class... Args>
    constexpr void construct(U* at, Args&&... args) {
        traits::construct(static_cast<Allocator&>(*this), at, std::forward<Args>(args)...);
    }

    template <class U>
    constexpr void destroy(U* at) noexcept {
        traits::destroy(static_cast<Allocator&>(*this), at);
    }

    /// What `Allocator` gives a copied container.
    [[nodiscard]] constexpr default_init select_on_container_copy_construction() const {
        return traits::select_on_container_copy_construction(*this);
    }

    template <class Other>
    friend constexpr bool operator==(const default_init& a, const default_init<Other>& b) noexcept {
        return static_cast<const Allocator&>(a) == static_cast<const Other&>(b);
    }
};

} // namespace alloy::inline ALLOY_ABI
