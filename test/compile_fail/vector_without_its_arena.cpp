// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: (no matching (constructor|function)|default constructor)
#include <alloy/adapt/vector.hpp>
#include <alloy/policy/bump.hpp>

#include <cstddef>

alloy::bump<> arena;

#if defined(ALLOY_COMPILE_OK)
alloy::vector<int, alloy::ref<alloy::bump<>>> numbers(std::size_t{5}, arena);
#else
alloy::vector<int, alloy::ref<alloy::bump<>>> numbers(std::size_t{5}); // would have to invent one
#endif
