// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_pool: any thread may grow it: Upstream must be thread-safe
#include <alloy/compose/locked.hpp>
#include <alloy/policy/lock_free_pool.hpp>
#include <alloy/source/buffer.hpp>

using room = alloy::inline_buffer<65536>;

#if defined(ALLOY_COMPILE_OK)
alloy::lock_free_pool<alloy::layout{64, 16}, 10, alloy::locked<room>, 2> pool;
#else
alloy::lock_free_pool<alloy::layout{64, 16}, 10, room, 2> pool;
#endif
