// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `ALLOY_GLOBAL_NEW`: the global operator new and delete, all twenty of them, from a
/// policy.
///
///     new T, new T[n], ...  -->  operator new  -->  handle  -->  policy
///
/// The standard lets a program replace these functions by defining them once. All forms are
/// replaced together, so that none meets a block of another's.
///
/// Choose it to give a whole program one allocator, or one that is `watched`. Avoid it in a
/// library: the choice is the program's.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/fail.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/source/new.hpp>

#include <concepts>
#include <cstddef>
#include <new>

namespace alloy::inline ALLOY_ABI::detail {

/// True if `P`, or what it takes memory from, is operator new.
template <policy P>
consteval bool asks_operator_new() {
    if constexpr (composed_policy<P>) {
        return []<policy... Upstream>(policies<Upstream...> /*all*/) {
            return (asks_operator_new<Upstream>() || ...);
        }(typename P::upstreams{});
    }
    return std::same_as<P, new_source>;
}

/// What the operators do.
template <policy Policy>
struct global_new {
    using handle = handle_for<Policy>;
    static_assert(measuring_policy<handle>,
                  "ALLOY_GLOBAL_NEW: operator delete is told no size: the policy must measure "
                  "its blocks, as alloy::c_heap does");
    static_assert(thread_safe_v<handle> && stateless_policy<handle>,
                  "ALLOY_GLOBAL_NEW: every thread reaches this policy, through an empty handle");
    static_assert(!asks_operator_new<handle>(),
                  "ALLOY_GLOBAL_NEW: operator new would ask itself: put malloc_source, or pages, "
                  "in the place of new_source");
    static constexpr auto usual = std::align_val_t{__STDCPP_DEFAULT_NEW_ALIGNMENT__};

    /// @return Null if the policy is out, and the program has no new_handler left to help.
    static void* try_take(std::size_t size, std::align_val_t align) {
        const layout want{layout_for<std::byte>(size).size, static_cast<std::size_t>(align)};
        for (;;) {
            void* const at = handle{}.allocate(want);
            if (at != nullptr) [[likely]] { return at; }
            const std::new_handler handler = std::get_new_handler();
            if (handler == nullptr) { return nullptr; }
            handler();
        }
    }

    static void* take(std::size_t size, std::align_val_t align = usual) {
        void* const at = try_take(size, align);
        if (at == nullptr) [[unlikely]] { fail_bad_alloc(); }
        return at;
    }

    static void* take_or_null(std::size_t size, std::align_val_t align = usual) noexcept {
#if defined(__cpp_exceptions)
        try {
            return try_take(size, align);
        } catch (...) { return nullptr; } // what the new_handler throws
#else
        return try_take(size, align);
#endif
    }

    static void give(void* at, std::align_val_t align = usual) noexcept {
        if (at == nullptr) { return; }
        handle{}.deallocate(at, {handle{}.usable_size(at), static_cast<std::size_t>(align)});
    }
};

} // namespace alloy::inline ALLOY_ABI::detail

// NOLINTBEGIN(bugprone-macro-parentheses): no operator's name stands in parentheses

/// The ten forms of one pair of operators. Compilers that see into them take their blocks for those
/// of another allocator, and warn.
#define ALLOY_GLOBAL_NEW_FORMS(NEW, DELETE)                                                        \
    [[gnu::noinline]] void* operator NEW(std::size_t size) {                                       \
        return alloy_global_new::take(size);                                                       \
    }                                                                                              \
    [[gnu::noinline]] void* operator NEW(std::size_t size, std::align_val_t align) {               \
        return alloy_global_new::take(size, align);                                                \
    }                                                                                              \
    [[gnu::noinline]] void* operator NEW(std::size_t size, const std::nothrow_t&) noexcept {       \
        return alloy_global_new::take_or_null(size);                                               \
    }                                                                                              \
    [[gnu::noinline]] void* operator NEW(std::size_t size, std::align_val_t align,                 \
                                         const std::nothrow_t&) noexcept {                         \
        return alloy_global_new::take_or_null(size, align);                                        \
    }                                                                                              \
    [[gnu::noinline]] void operator DELETE(void* at) noexcept { alloy_global_new::give(at); }      \
    [[gnu::noinline]] void operator DELETE(void* at, std::size_t) noexcept {                       \
        alloy_global_new::give(at);                                                                \
    }                                                                                              \
    [[gnu::noinline]] void operator DELETE(void* at, const std::nothrow_t&) noexcept {             \
        alloy_global_new::give(at);                                                                \
    }                                                                                              \
    [[gnu::noinline]] void operator DELETE(void* at, std::align_val_t align) noexcept {            \
        alloy_global_new::give(at, align);                                                         \
    }                                                                                              \
    [[gnu::noinline]] void operator DELETE(void* at, std::size_t,                                  \
                                           std::align_val_t align) noexcept {                      \
        alloy_global_new::give(at, align);                                                         \
    }                                                                                              \
    [[gnu::noinline]] void operator DELETE(void* at, std::align_val_t align,                       \
                                           const std::nothrow_t&) noexcept {                       \
        alloy_global_new::give(at, align);                                                         \
    }

// NOLINTEND(bugprone-macro-parentheses)

/// Defines every replaceable operator new and delete over a policy that measures its blocks, is
/// thread-safe, and takes nothing from operator new itself. Stands in the global namespace of
/// exactly one source file of the program: `ALLOY_GLOBAL_NEW(alloy::c_heap<alloy::malloc_source>);`
///
/// The throwing forms call the new_handler until it gives up, then throw std::bad_alloc; so for
/// every size that no memory can hold, whatever the alignment.
#define ALLOY_GLOBAL_NEW(...)                                                                      \
    using alloy_global_new = ::alloy::detail::global_new<__VA_ARGS__>;                             \
    ALLOY_GLOBAL_NEW_FORMS(new, delete)                                                            \
    ALLOY_GLOBAL_NEW_FORMS(new[], delete[])                                                        \
    static_assert(::alloy::measuring_policy<alloy_global_new::handle>)
