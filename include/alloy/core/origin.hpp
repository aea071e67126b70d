// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::origin`: who asked for a block, and who gave it back.
///
///     allocator<T> --> asking<T> --> ... --> a policy that keeps origins
///
/// The address is in the code that called into alloy, once the compiler has inlined what it
/// inlines: often a member of a container. `addr2line -i` names all that was inlined there. A
/// request says nothing of what it is for. An adapter that knows therefore leaves the type's name
/// in a word of the thread's own, if there is a policy below that will look there.

#include <alloy/core/misuse.hpp>
#include <alloy/core/type_name.hpp>

#include <string_view>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

inline constinit thread_local std::string_view asked_type{};

/// What is known of a block's users.
struct origin {
    origin() = default;
    explicit origin(const void* caller) noexcept : asked_from(caller), type(asked_type) {}

    const void* asked_from = nullptr;    ///< Where the code goes on that asked for it.
    const void* released_from = nullptr; ///< Where the code goes on that released it.
    std::string_view type;               ///< Of the object; empty if no adapter said.

    /// Where the code goes on that this is inlined into.
    [[nodiscard, gnu::always_inline]] static const void* caller() noexcept { return after_call(); }

    void release(const void* caller) noexcept { released_from = caller; }

    void tell(incident& what) const noexcept {
        what.asked_from = asked_from;
        what.released_from = released_from;
        what.type = type;
    }

private:
    [[nodiscard, gnu::noinline]] static const void* after_call() noexcept {
        asm volatile(""); // each call counts
        return __builtin_return_address(0);
    }
};

/// Nothing is.
struct no_origin {
    no_origin() = default;
    explicit no_origin(const void* /*caller*/) noexcept {}
    [[nodiscard]] static const void* caller() noexcept { return nullptr; }
    static void release(const void* /*caller*/) noexcept {}
    static void tell(incident& /*what*/) noexcept {}
};

/// While it lives, what is asked for is for a `T`.
template <class T, bool Kept>
class asking {
public:
    asking() noexcept : before_(std::exchange(asked_type, type_name<T>)) {}
    asking(const asking&) = delete;
    asking& operator=(const asking&) = delete;
    ~asking() { asked_type = before_; }

private:
    std::string_view before_;
};
template <class T>
class asking<T, false> {};

} // namespace alloy::inline ALLOY_ABI::detail
