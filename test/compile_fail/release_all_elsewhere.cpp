// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::release_all: a container's allocator is not over alloy::ref to such an arena
#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/release_all.hpp>
#include <alloy/policy/bump.hpp>

#include <list>

#if defined(ALLOY_COMPILE_OK)
using ints = std::list<int, alloy::allocator<int, alloy::ref<alloy::bump<>>>>;
#else
using ints = std::list<int>;
#endif

void drop(alloy::bump<>& arena, alloy::bulk<ints>& numbers) { alloy::release_all(arena, numbers); }
