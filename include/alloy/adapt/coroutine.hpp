// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::frame_from`: coroutine frames from a policy.
///
///     struct promise_type : alloy::frame_from<Policy> { ... };
///
///     |  frame: promise, parameters, locals  | handle |       the handle only where it has state
///     '--------- what the compiler asks -----'
///
/// A promise that derives from it is all that a coroutine type needs. A coroutine that leads its
/// parameters with `std::allocator_arg_t` and a handle, or an arena for a ref, gets its frame from
/// there; a member function too. All others use a handle that needs no telling which, if there is
/// one.
///
/// Choose it for generators and tasks that come and go. Avoid it where the optimiser elides the
/// frame, and for frames with over-aligned locals: compilers do not ask for that alignment.

#include <alloy/core/exact.hpp>
#include <alloy/core/fail.hpp>
#include <alloy/core/handle.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <new>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// How the frames of one kind of handle are taken and given back.
template <handle_policy Handle>
class frame_block {
    static constexpr std::size_t usual_align = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
    static constexpr bool keeps_handle = !stateless_policy<Handle>;
    static_assert(usual_align <= Handle::max_align,
                  "alloy::frame_from: the policy cannot align a frame");

public:
    /// A block for a frame of `n` bytes, or null.
    [[nodiscard]] static void* take(const Handle& source, std::size_t n) noexcept {
        void* const at = try_take(source, whole(n));
        if constexpr (keeps_handle) {
            if (at != nullptr) { ::new (behind(at, n)) Handle(source); }
        }
        return at;
    }

    static void give(void* at, std::size_t n) noexcept {
        if constexpr (keeps_handle) {
            auto* const kept = std::launder(static_cast<Handle*>(behind(at, n)));
            const Handle source = *kept; // which may be all that keeps the policy alive
            kept->~Handle();
            give_back(source, at, whole(n));
        } else {
            const Handle source{};
            give_back(source, at, whole(n));
        }
    }

    /// The handle that a coroutine was given.
    template <class Given>
    [[nodiscard]] static Handle from(Given& given) noexcept {
        static_assert(std::convertible_to<Given&, Handle>,
                      "alloy::frame_from: what follows std::allocator_arg is no handle of Policy");
        return given;
    }

    /// The handle of a coroutine that was given none.
    [[nodiscard]] static Handle only() noexcept {
        static_assert(std::default_initializable<Handle>,
                      "alloy::frame_from: this coroutine's first parameters must be "
                      "std::allocator_arg_t and a handle of Policy");
        return Handle{};
    }

private:
    static layout whole(std::size_t n) noexcept {
        if constexpr (!keeps_handle) { return {n, usual_align}; }
        return {round_up(n, alignof(Handle)) + sizeof(Handle),
                std::max(usual_align, alignof(Handle))};
    }

    static void* behind(void* at, std::size_t n) noexcept {
        return static_cast<std::byte*>(at) + round_up(n, alignof(Handle));
    }
};

} // namespace detail

/// Gives a promise, and so every coroutine of its type, frames of `Policy`.
///
/// @tparam Policy A handle, or a bare policy, which then means global<Policy>.
/// @throws std::bad_alloc if the policy has no memory; see nothrow_frame_from.
/// @threads As the policy; a frame is released where its coroutine ends.
template <policy Policy>
class frame_from {
    using block = detail::frame_block<handle_for<Policy>>;

public:
    static void* operator new(std::size_t n) { return checked(block::take(block::only(), n)); }

    template <class Given, class... Rest>
    static void* operator new(std::size_t n, std::allocator_arg_t /*tag*/, Given&& given,
                              Rest&&... /*rest*/) {
        return checked(block::take(block::from(given), n));
    }

    template <class Object, class Given, class... Rest>
    static void* operator new(std::size_t n, Object&& /*self*/, std::allocator_arg_t /*tag*/,
                              Given&& given, Rest&&... /*rest*/) {
        return checked(block::take(block::from(given), n));
    }

    // Inlined, or GCC 12 warns that it does not match an operator new that is a template.
    [[gnu::always_inline]] static void operator delete(void* at, std::size_t n) noexcept {
        block::give(at, n);
    }

private:
    static void* checked(void* at) {
        if (at == nullptr) [[unlikely]] { detail::fail_bad_alloc(); }
        return at;
    }
};

/// The same for a promise that declares `get_return_object_on_allocation_failure`: where the policy
/// has no memory, the caller gets that, and nothing is thrown.
template <policy Policy>
class nothrow_frame_from {
    using block = detail::frame_block<handle_for<Policy>>;

public:
    static void* operator new(std::size_t n) noexcept { return block::take(block::only(), n); }

    template <class Given, class... Rest>
    static void* operator new(std::size_t n, std::allocator_arg_t /*tag*/, Given&& given,
                              Rest&&... /*rest*/) noexcept {
        return block::take(block::from(given), n);
    }

    template <class Object, class Given, class... Rest>
    static void* operator new(std::size_t n, Object&& /*self*/, std::allocator_arg_t /*tag*/,
                              Given&& given, Rest&&... /*rest*/) noexcept {
        return block::take(block::from(given), n);
    }

    // Inlined, or GCC 12 warns that it does not match an operator new that is a template.
    [[gnu::always_inline]] static void operator delete(void* at, std::size_t n) noexcept {
        block::give(at, n);
    }
};

} // namespace alloy::inline ALLOY_ABI
