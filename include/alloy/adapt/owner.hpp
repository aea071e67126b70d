// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::make_unique`: objects from a policy, owned by a std::unique_ptr.
///
///     unique_ptr<T, deleter<T, P>>          [ at ]
///     unique_ptr<T[], deleter<T[], P>>      [ at | count ]
///     unique_ptr<B, base_deleter<B, P>>     [ at | size | align ]      and the handle, if it has
///     state
///
/// A deleter knows the way to the policy and the layout of the block: from the type, the count, or,
/// behind a base, because it was told. Where a constructor throws, the block goes back.
///
/// Choose it for objects with one owner. Shared ones need nothing from here:
/// `std::allocate_shared<T>(alloy::allocator<T, P>{}, ...)` puts an object and its counts into one
/// block of the policy.

#include <alloy/core/exact.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/fail.hpp>
#include <alloy/core/handle.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Ends the `T` that make_unique() made. It does not convert to the deleter of a base, which would
/// release a block of another size; see base_deleter.
///
/// @tparam T      May be incomplete until one is deleted. A private destructor befriends this.
/// @tparam Policy A handle, or a bare policy, which then means global<Policy>.
/// @threads As the policy.
template <class T, policy Policy>
class deleter {
    using handle_type = handle_for<Policy>;

public:
    constexpr deleter() noexcept
        requires std::default_initializable<handle_type>
    = default;
    constexpr explicit deleter(const handle_type& handle) noexcept : handle_(handle) {}

    /// @pre `at` came from make_unique<T>() with an equal handle.
    void operator()(T* at) const noexcept {
        at->~T();
        detail::give_back(handle_, const_cast<std::remove_cv_t<T>*>(at), layout_of<T>);
    }

    /// The way to the policy.
    [[nodiscard]] constexpr const handle_type& handle() const noexcept { return handle_; }

private:
    [[no_unique_address]] handle_type handle_;
};

/// Ends the array that make_unique() made, last element first.
template <class T, policy Policy>
class deleter<T[], Policy> { // NOLINT(*-avoid-c-arrays)
    using handle_type = handle_for<Policy>;

public:
    constexpr deleter() noexcept
        requires std::default_initializable<handle_type>
    = default;
    constexpr deleter(const handle_type& handle, std::size_t count) noexcept
        : count_(count), handle_(handle) {}

    /// @pre `at` came from make_unique<T[]>() with an equal handle and as many elements.
    void operator()(T* at) const noexcept {
        for (std::size_t i = count_; i-- > 0;) { at[i].~T(); }
        detail::give_back(handle_, const_cast<std::remove_cv_t<T>*>(at), layout_for<T>(count_));
    }

    /// Elements.
    [[nodiscard]] constexpr std::size_t count() const noexcept { return count_; }

    /// The way to the policy.
    [[nodiscard]] constexpr const handle_type& handle() const noexcept { return handle_; }

private:
    std::size_t count_ = 0;
    [[no_unique_address]] handle_type handle_;
};

/// Ends, through a `Base`, what make_unique() made of a class derived from it: a
/// `unique_ptr<Base, base_deleter<Base, Policy>>` takes over from any unique_ptr of such a class.
/// Where in the object the base lies, the object itself knows.
///
/// @tparam Base   Has a virtual destructor.
/// @tparam Policy A handle, or a bare policy, which then means global<Policy>.
/// @threads As the policy.
template <class Base, policy Policy>
class base_deleter {
    using handle_type = handle_for<Policy>;
    template <class, policy>
    friend class base_deleter;

public:
    constexpr base_deleter() noexcept
        requires std::default_initializable<handle_type>
    = default;

    /// Learns the layout of a whole `Derived`.
    template <std::derived_from<Base> Derived>
    constexpr base_deleter(const deleter<Derived, Policy>& from) noexcept
        : block_(layout_of<Derived>), handle_(from.handle()) {}

    /// Of a base of a base.
    template <std::derived_from<Base> Derived>
    constexpr base_deleter(const base_deleter<Derived, Policy>& from) noexcept
        : block_(from.block_), handle_(from.handle_) {}

    /// @pre `at` is a base of the object whose deleter this was made from.
    void operator()(Base* at) const noexcept {
        static_assert(std::has_virtual_destructor_v<Base>,
                      "alloy::base_deleter: Base needs a virtual destructor");
        void* const whole = const_cast<void*>(dynamic_cast<const void*>(at)); // needs no RTTI
        at->~Base();
        detail::give_back(handle_, whole, block_);
    }

    /// The way to the policy.
    [[nodiscard]] constexpr const handle_type& handle() const noexcept { return handle_; }

private:
    layout block_{0, 1};
    [[no_unique_address]] handle_type handle_;
};

namespace detail {

/// A block that goes back, unless an object has come to live in it.
template <handle_policy Handle>
class vacancy {
public:
    vacancy(const Handle& source, layout want)
        : source_(source), want_(want), at_(take(source, want)) {}
    vacancy(const vacancy&) = delete;
    vacancy& operator=(const vacancy&) = delete;
    ~vacancy() {
        if (at_ != nullptr) { give_back(source_, at_, want_); }
    }

    [[nodiscard]] void* at() const noexcept { return at_; }
    void fill() noexcept { at_ = nullptr; }

private:
    const Handle& source_;
    layout want_;
    void* at_;
};

template <class T, class Policy, class... Args>
[[nodiscard]] auto make_object(const handle_for<Policy>& handle, Args&&... args) {
    static_assert(alignof(T) <= handle_for<Policy>::max_align,
                  "alloy::make_unique: the policy cannot align T");
    vacancy block{handle, layout_of<T>};
    T* const made = ::new (block.at()) T(std::forward<Args>(args)...);
    block.fill();
    return std::unique_ptr<T, deleter<T, Policy>>{made, deleter<T, Policy>{handle}};
}

template <class T, class Policy>
[[nodiscard]] auto make_array(const handle_for<Policy>& handle, std::size_t n) {
    using element = std::remove_extent_t<T>;
    static_assert(alignof(element) <= handle_for<Policy>::max_align,
                  "alloy::make_unique: the policy cannot align T");
    if (n > std::min(any_size, max_size_v<handle_for<Policy>>) / sizeof(element)) [[unlikely]] {
        fail_bad_array_new_length();
    }
    vacancy block{handle, layout_for<element>(n)};
    auto* const first = static_cast<std::remove_cv_t<element>*>(block.at());
    std::uninitialized_value_construct_n(first, n);
    block.fill();
    return std::unique_ptr<T, deleter<T, Policy>>{first, deleter<T, Policy>{handle, n}};
}

} // namespace detail

/// A `T` made from `args` in a block of `handle`.
/// @throws std::bad_alloc if the policy has no memory, and what the constructor throws.
template <class T, handle_policy Handle, class... Args>
    requires(!std::is_array_v<T>)
[[nodiscard]] std::unique_ptr<T, deleter<T, Handle>> make_unique(Handle handle, Args&&... args) {
    return detail::make_object<T, Handle>(handle, std::forward<Args>(args)...);
}

/// The same of a policy that is reached without being told which.
template <class T, policy Policy, class... Args>
    requires(!std::is_array_v<T>) && std::default_initializable<handle_for<Policy>>
[[nodiscard]] std::unique_ptr<T, deleter<T, Policy>> make_unique(Args&&... args) {
    return detail::make_object<T, Policy>(handle_for<Policy>{}, std::forward<Args>(args)...);
}

/// `n` values, for a `T` of the form `U[]`, in a block of `handle`.
/// @throws std::bad_array_new_length if no block could hold so many, std::bad_alloc if the policy
///         has no memory, and what a constructor throws.
template <class T, handle_policy Handle>
    requires std::is_unbounded_array_v<T>
[[nodiscard]] std::unique_ptr<T, deleter<T, Handle>> make_unique(Handle handle, std::size_t n) {
    return detail::make_array<T, Handle>(handle, n);
}

/// The same of a policy that is reached without being told which.
template <class T, policy Policy>
    requires std::is_unbounded_array_v<T> && std::default_initializable<handle_for<Policy>>
[[nodiscard]] std::unique_ptr<T, deleter<T, Policy>> make_unique(std::size_t n) {
    return detail::make_array<T, Policy>(handle_for<Policy>{}, n);
}

} // namespace alloy::inline ALLOY_ABI
