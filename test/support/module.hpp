// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What life/unload.cpp and the shared object that it loads, support/module.cpp, both see.

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/pool16.hpp>

#include <cstddef>
#include <list>

namespace alloy::test {

using shared_pool = global<locked<pool16<>>>;

/// What a module offers, found by name.
struct module_calls {
    const void* (*shared_instance)() noexcept; ///< The pool of the whole process.
    const void* (*own_instance)() noexcept;    ///< The pool of the module alone.
    std::size_t (*use)(std::size_t n);         ///< Fills and empties lists of both.
    void* (*take)(layout want) noexcept;       ///< A block of the pool of the whole process.
};

} // namespace alloy::test
