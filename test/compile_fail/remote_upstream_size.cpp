// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::remote: Upstream has no room for the letter in a dead block
#include <alloy/compose/remote.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::remote<alloy::freelist<alloy::layout{24, 8}>> place;
#else
alloy::remote<alloy::freelist<alloy::layout{16, 8}>> place;
#endif
