// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::freelist: a node is larger than the address space
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::freelist<alloy::layout{64, 8}> nodes;
#else
alloy::freelist<alloy::layout{alloy::unlimited, 8}> nodes;
#endif
