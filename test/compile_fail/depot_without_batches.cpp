// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::depot: Upstream hands out no batches
#include <alloy/compose/depot.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>

#if defined(ALLOY_COMPILE_OK)
using upstream = alloy::freelist<alloy::layout{8, 8}>;
#else
using upstream = alloy::pool16<>;
#endif

alloy::depot<alloy::layout{8, 8}, upstream> cache;
