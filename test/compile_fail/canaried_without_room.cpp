// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::canaried: Upstream has no room for the canaries of a block
#include <alloy/compose/canaried.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::canaried<alloy::freelist<alloy::layout{24, 8}>> policy;
#else
alloy::canaried<alloy::freelist<alloy::layout{16, 8}>> policy;
#endif
