// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::depot: there is no room for a block
#include <alloy/compose/depot.hpp>
#include <alloy/policy/freelist.hpp>

constexpr alloy::layout node{64, 16};
using list = alloy::freelist<node>;

#if defined(ALLOY_COMPILE_OK)
alloy::depot<node, list, alloy::depot_options{.slots = 1}> kept;
#else
alloy::depot<node, list, alloy::depot_options{.slots = 0}> kept;
#endif
