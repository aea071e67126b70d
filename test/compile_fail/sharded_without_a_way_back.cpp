// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::sharded: a block would not find back
#include <alloy/compose/checked.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/sharded.hpp>
#include <alloy/policy/pool16.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::sharded<alloy::locked<alloy::checked<alloy::pool16<>>>, 2> place;
#else
alloy::sharded<alloy::locked<alloy::pool16<>>, 2> place;
#endif
