// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::resource`: a policy as a `std::pmr::memory_resource`.
///
///     std::pmr::vector<int> --> virtual do_allocate --> | inlined: policy --> upstream ... |
///
/// A resource owns its policy, or holds a handle to one that lives elsewhere; both are `Policy`.
/// The call through the base class is the only virtual one, whatever the policy is made of.
///
/// Choose it where an interface asks for a resource, or where one container type shall take any
/// memory. Avoid it where the type may name the policy: allocator.hpp inlines the whole way.

#include <alloy/core/ability.hpp>
#include <alloy/core/exact.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/member.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Serves a `std::pmr` container from `Policy`; equal to itself alone.
///
/// No bytes are one byte, a block of its own. What is larger than #any_size, or aligned above
/// `Policy::max_align`, is refused; a block goes back with the layout that it was asked for.
///
/// @tparam Policy A policy, then owned, or a handle, as `ref<P>` or `global<P>`, then held.
/// @threads As `Policy`.
template <policy Policy>
class resource final : public std::pmr::memory_resource {
public:
    /// Constructs the policy or the handle in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Policy, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, resource> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        resource(Args&&... args) noexcept(std::is_nothrow_constructible_v<Policy, Args...>)
        : policy_(std::in_place, std::forward<Args>(args)...) {}

    resource(const resource&) = delete;
    resource& operator=(const resource&) = delete;

    /// As the policy ends: one that can release() gives back all that it took.
    ~resource() override = default;

    /// Ends every block and gives all memory back; the resource serves on. For a policy that is
    /// owned and can reset. @complexity As its reset() and trim().
    void release() noexcept
        requires resettable_policy<Policy>
    {
        policy_.get().reset();
        detail::trim_if_able(policy_.get());
    }

    /// The policy or the handle itself, for its owner; a stateless one by value.
    [[nodiscard]] decltype(auto) instance() noexcept { return policy_.get(); }

private:
    static constexpr layout layout_of_bytes(std::size_t bytes, std::size_t align) noexcept {
        return {std::max(bytes, std::size_t{1}), align};
    }

    /// @throws std::bad_alloc. Without exceptions, terminates.
    [[nodiscard]] void* do_allocate(std::size_t bytes, std::size_t align) override {
        if (bytes > any_size) [[unlikely]] { detail::fail_bad_alloc(); }
        auto&& source = policy_.get();
        return detail::take(source, layout_of_bytes(bytes, align));
    }

    void do_deallocate(void* at, std::size_t bytes, std::size_t align) override {
        auto&& source = policy_.get();
        detail::give_back(source, at, layout_of_bytes(bytes, align));
    }

    [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

    // Not Policy itself: as a constant, an empty one would overwrite the vtable pointer (GCC 12).
    [[no_unique_address]] detail::member<Policy, resource> policy_;
};

/// A handle says by itself which resource holds it: `resource all{ref{arena}}`.
template <handle_policy Handle>
resource(Handle) -> resource<Handle>;

namespace detail {

template <policy Handle>
inline constinit immortal<resource<Handle>> process_wide_resource{};

} // namespace detail

/// The one resource that the process has for a stateless handle: constant-initialised and never
/// destroyed, so that it serves before main() and after it, and can be the default resource.
///
/// @tparam Policy A stateless handle, or a bare policy, which then means global<Policy>.
/// @complexity An address; no guard.
/// @threads As `Policy`.
template <policy Policy>
[[nodiscard]] std::pmr::memory_resource* resource_of() noexcept {
    using handle = handle_for<Policy>;
    static_assert(stateless_policy<handle>,
                  "alloy::resource_of: this handle has state: make an alloy::resource of it");
    return &detail::process_wide_resource<handle>.value;
}

} // namespace alloy::inline ALLOY_ABI
