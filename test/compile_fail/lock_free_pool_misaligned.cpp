// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_pool: the alignment must be a power of two
#include <alloy/policy/lock_free_pool.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr alloy::layout node{24, 8};
#else
constexpr alloy::layout node{24, 12};
#endif

alloy::lock_free_pool<node, 10> pool;
