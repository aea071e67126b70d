// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::resource_of: this handle has state
#include <alloy/adapt/resource.hpp>
#include <alloy/policy/bump.hpp>

alloy::bump<> arena;

#if defined(ALLOY_COMPILE_OK)
alloy::resource<alloy::ref<alloy::bump<>>> all{arena};
#else
std::pmr::memory_resource* all = alloy::resource_of<alloy::ref<alloy::bump<>>>();
#endif
