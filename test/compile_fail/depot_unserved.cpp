// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::depot: Upstream cannot serve a block
#include <alloy/compose/depot.hpp>
#include <alloy/policy/freelist.hpp>

using list = alloy::freelist<alloy::layout{64, 16}>;

#if defined(ALLOY_COMPILE_OK)
alloy::depot<alloy::layout{64, 16}, list> kept;
#else
alloy::depot<alloy::layout{64, 64}, list> kept;
#endif
