// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::checked: Upstream has no room for the margins of a block
#include <alloy/compose/checked.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::checked<alloy::freelist<alloy::layout{40, 8}>> policy;
#else
alloy::checked<alloy::freelist<alloy::layout{32, 8}>> policy;
#endif
