// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::sharded: no shard to serve from
#include <alloy/compose/locked.hpp>
#include <alloy/compose/sharded.hpp>
#include <alloy/source/new.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::sharded<alloy::locked<alloy::new_source>, 1> place;
#else
alloy::sharded<alloy::locked<alloy::new_source>, 0> place;
#endif
