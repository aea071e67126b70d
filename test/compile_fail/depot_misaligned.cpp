// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::depot: the alignment must be a power of two
#include <alloy/compose/depot.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr alloy::layout node{24, 8};
#else
constexpr alloy::layout node{24, 12};
#endif

alloy::depot<node, alloy::freelist<alloy::layout{24, 8}>> kept;
