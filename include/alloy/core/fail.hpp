// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief How an adapter fails: the only two places that throw. Without exceptions they terminate.

#include <alloy/core/config.hpp>

#include <exception>
#include <new>

namespace alloy::inline ALLOY_ABI::detail {

/// Memory is exhausted: throws std::bad_alloc.
[[noreturn, gnu::cold, gnu::noinline]] inline void fail_bad_alloc() {
#if defined(__cpp_exceptions)
    throw std::bad_alloc{};
#else
    std::terminate();
#endif
}

/// More objects than an array can hold: throws std::bad_array_new_length.
[[noreturn, gnu::cold, gnu::noinline]] inline void fail_bad_array_new_length() {
#if defined(__cpp_exceptions)
    throw std::bad_array_new_length{};
#else
    std::terminate();
#endif
}

} // namespace alloy::inline ALLOY_ABI::detail
