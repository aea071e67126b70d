// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_pool: a node is larger than the address space
#include <alloy/policy/lock_free_pool.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::lock_free_pool<alloy::layout{64, 8}, 4> nodes;
#else
alloy::lock_free_pool<alloy::layout{alloy::unlimited, 8}, 4> nodes;
#endif
