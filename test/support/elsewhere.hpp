// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What test/core/handle.cpp and a second translation unit, elsewhere.cpp, both see.

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/pool16.hpp>

#include <cstddef>
#include <vector>

namespace alloy::test {

using everywhere = global<locked<pool16<>>>;

/// The address of the instance, as the other translation unit sees it.
const void* instance_elsewhere() noexcept;

/// The other translation unit allocates and releases.
void* allocate_elsewhere(layout want);
void deallocate_elsewhere(void* at, layout given);

/// True if the other translation unit could allocate before main.
bool allocated_before_main() noexcept;

} // namespace alloy::test
