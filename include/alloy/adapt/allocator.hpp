// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::allocator`: a policy as a standard allocator.
///
///     std::list<int, alloy::allocator<int, Policy>>  -->  handle  -->  policy
///
/// All rebinds of one allocator hold the same handle and so reach the same instance: a container's
/// nodes, buckets and map come from one place.

#include <alloy/core/exact.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/fail.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/origin.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// What allocate_at_least() returns: std::allocation_result where the library has it.
#if defined(__cpp_lib_allocate_at_least)
template <class Pointer>
using allocation_result = std::allocation_result<Pointer, std::size_t>;
#else
template <class Pointer>
struct allocation_result {
    Pointer ptr;
    std::size_t count;
};
#endif

/// Meets Cpp17Allocator with blocks of `Policy`.
///
/// Moves and swaps take the handle along; a copy assignment keeps the target's; a copied container
/// keeps the source's. A handle that wants it otherwise declares the standard's member for it.
///
/// @tparam T      What is allocated; may be incomplete until the first allocation.
/// @tparam Policy A handle, or a bare policy, which then means global<Policy>.
/// @threads As the policy.
template <class T, policy Policy>
class allocator {
    static_assert(std::is_same_v<T, std::remove_cv_t<T>>,
                  "alloy::allocator: allocate T, and let the container hold it const");

    using handle_type = handle_for<Policy>;
    template <class, policy>
    friend class allocator;

public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using propagate_on_container_copy_assignment = std::bool_constant<[] {
        if constexpr (requires { typename handle_type::propagate_on_container_copy_assignment; }) {
            return handle_type::propagate_on_container_copy_assignment::value;
        }
        return false;
    }()>;
    using propagate_on_container_move_assignment = std::bool_constant<[] {
        if constexpr (requires { typename handle_type::propagate_on_container_move_assignment; }) {
            return handle_type::propagate_on_container_move_assignment::value;
        }
        return true;
    }()>;
    using propagate_on_container_swap = std::bool_constant<[] {
        if constexpr (requires { typename handle_type::propagate_on_container_swap; }) {
            return handle_type::propagate_on_container_swap::value;
        }
        return true;
    }()>;
    using is_always_equal = std::bool_constant<[] {
        if constexpr (requires { bool{handle_type::is_always_equal}; }) {
            return handle_type::is_always_equal;
        }
        return stateless_policy<handle_type>;
    }()>;

    template <class U>
    struct rebind {
        using other = allocator<U, Policy>;
    };

    constexpr allocator() noexcept
        requires std::default_initializable<handle_type>
    = default;

    /// Reaches what `handle` does; so takes an arena or pool itself where the handle is a ref.
    template <class H>
        requires std::convertible_to<H&&, handle_type> &&
                 (!std::same_as<std::remove_cvref_t<H>, allocator>)
    constexpr allocator(H&& handle) noexcept : handle_(std::forward<H>(handle)) {}

    /// The allocator of another type that reaches the same instance.
    template <class U>
    constexpr allocator(const allocator<U, Policy>& other) noexcept : handle_(other.handle_) {}

    /// Allocates room for `n` objects; for none, a block that holds nothing.
    /// @throws std::bad_array_new_length if `n` objects exceed max_size(), std::bad_alloc if the
    ///         policy has no memory. Without exceptions, terminates.
    [[nodiscard, gnu::always_inline]] constexpr T* allocate(std::size_t n) {
        if (std::is_constant_evaluated()) { return std::allocator<T>{}.allocate(n); }
        return static_cast<T*>(block_for(n));
    }

    /// Allocates room for `n` objects or more, and says how many; deallocate() takes any count from
    /// `n` up to that. @throws As allocate().
    [[nodiscard]] constexpr allocation_result<T*> allocate_at_least(std::size_t n) {
        if (std::is_constant_evaluated()) { return {std::allocator<T>{}.allocate(n), n}; }
        auto* const at = static_cast<T*>(block_for(n));
        const std::size_t count = std::max(n, good_size(handle_, layout_for<T>(n)) / sizeof(T));
        detail::unpoison(at, count * sizeof(T));
        return {at, count};
    }

    /// Releases what allocate(n) returned. @pre It did, through an equal allocator.
    [[gnu::always_inline]] constexpr void deallocate(T* at, std::size_t n) noexcept {
        if (std::is_constant_evaluated()) { return std::allocator<T>{}.deallocate(at, n); }
        const layout given = layout_for<T>(n);
        if constexpr (detail::has_asan) {
            detail::unpoison_slack(handle_, at, given, n * sizeof(T));
        }
        handle_.deallocate(at, given);
    }

    /// Objects that the largest block could hold.
    [[nodiscard]] constexpr std::size_t max_size() const noexcept { return largest / sizeof(T); }

    /// What a copied container gets, where the handle has an opinion; else a copy of this.
    [[nodiscard]] constexpr allocator select_on_container_copy_construction() const
        requires requires(const handle_type& source) {
            { source.select_on_container_copy_construction() } -> std::convertible_to<handle_type>;
        }
    {
        return handle_.select_on_container_copy_construction();
    }

    /// The way to the policy.
    [[nodiscard]] constexpr const handle_type& handle() const noexcept { return handle_; }

    template <class U>
    friend constexpr bool operator==(const allocator& a, const allocator<U, Policy>& b) noexcept {
        return a.handle() == b.handle();
    }

private:
    static constexpr std::size_t largest = std::min(any_size, max_size_v<handle_type>);

    [[nodiscard, gnu::always_inline]] void* block_for(std::size_t n) {
        static_assert(alignof(T) <= handle_type::max_align,
                      "alloy::allocator: the policy cannot align T");
        static_assert(sizeof(T) <= largest || largest == 0, // which means to fail: null_source
                      "alloy::allocator: no block of the policy is large enough for a T");
        if (n > largest / sizeof(T)) [[unlikely]] { detail::fail_bad_array_new_length(); }
        const layout want = layout_for<T>(n);
        [[maybe_unused]] const detail::asking<T, keeps_origins_v<handle_type>> asks;
        void* const at = handle_.allocate(want);
        if (at == nullptr) [[unlikely]] { detail::fail_bad_alloc(); }
        if constexpr (detail::has_asan) { detail::poison_slack(handle_, at, want, n * sizeof(T)); }
        return at;
    }

    [[no_unique_address]] handle_type handle_;
};

} // namespace alloy::inline ALLOY_ABI
