// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::sharded: threads share a shard: wrap the policy in alloy::locked
#include <alloy/compose/locked.hpp>
#include <alloy/compose/sharded.hpp>
#include <alloy/source/buffer.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::sharded<alloy::locked<alloy::inline_buffer<1'000>>, 2> place;
#else
alloy::sharded<alloy::inline_buffer<1'000>, 2> place;
#endif
