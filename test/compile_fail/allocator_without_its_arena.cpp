// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: (no matching (constructor|function)|default constructor)
#include <alloy/preset.hpp>

#include <cstddef>
#include <vector>

alloy::bump<> arena;

#if defined(ALLOY_COMPILE_OK)
std::vector<int, alloy::arena_allocator<int>> numbers(std::size_t{5}, arena);
#else
std::vector<int, alloy::arena_allocator<int>> numbers(std::size_t{5}); // would have to invent one
#endif
