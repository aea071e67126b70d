// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::release_all: an element's destructor would be missed, or that of a class
#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/release_all.hpp>
#include <alloy/policy/bump.hpp>

#include <vector>

using lines = std::vector<int, alloy::allocator<int, alloy::ref<alloy::bump<>>>>;

#if defined(ALLOY_COMPILE_OK)
using log_lines = lines;
#else
struct log_lines : lines {
    ~log_lines(); // might do anything
};
#endif

void drop(alloy::bump<>& arena, alloy::bulk<log_lines>& all) { alloy::release_all(arena, all); }
