// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What life/modules.cpp and the shared objects that it loads, support/pool_module.cpp built
/// in several ways, all see.

#include <alloy/preset.hpp>

#include <cstddef>

namespace alloy::test {

/// What pool_allocator is made of.
template <class Tag>
using pool_of = thread_cached<linear_classes<8, 16>, global<shared_bitmaps<>, Tag>>;
using shared_pool = pool_of<void>;

/// A policy as a module sees it.
struct pool_calls {
    void* (*take)(layout want) noexcept;
    void (*give)(void* at, layout given) noexcept;
    byte_account (*account)() noexcept;
};

/// What a module offers, found by name.
struct pool_module {
    pool_calls shared; ///< The pool of the whole process, unless the module hides its names.
    pool_calls own;    ///< The pool of the module alone.
};

template <class Pool>
constexpr pool_calls calls_of{
    .take = [](layout want) noexcept { return Pool::allocate(want); },
    .give = [](void* at, layout given) noexcept { Pool::deallocate(at, given); },
    .account = []() noexcept { return Pool::account(); },
};

} // namespace alloy::test
