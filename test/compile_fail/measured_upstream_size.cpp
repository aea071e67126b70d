// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::measured: Upstream has no room for the size in front of a block
#include <alloy/compose/measured.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::measured<alloy::freelist<alloy::layout{16, 8}>> policy;
#else
alloy::measured<alloy::freelist<alloy::layout{8, 8}>> policy;
#endif
