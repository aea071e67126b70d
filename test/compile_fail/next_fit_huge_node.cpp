// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::next_fit: a node is larger than the address space
#include <alloy/policy/next_fit.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::next_fit<alloy::layout{64, 8}> nodes;
#else
alloy::next_fit<alloy::layout{alloy::unlimited, 8}> nodes;
#endif
