// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::bitmap: a node is larger than the address space
#include <alloy/policy/bitmap.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::bitmap<alloy::layout{64, 8}> nodes;
#else
alloy::bitmap<alloy::layout{alloy::unlimited, 8}> nodes;
#endif
