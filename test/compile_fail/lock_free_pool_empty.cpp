// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_pool: no node to serve
#include <alloy/policy/lock_free_pool.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t count = 1;
#else
constexpr std::size_t count = 0;
#endif

alloy::lock_free_pool<alloy::layout{24, 8}, count> pool;
