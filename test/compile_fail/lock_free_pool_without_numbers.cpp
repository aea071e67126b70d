// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_pool: at most .* nodes have a number
#include <alloy/policy/lock_free_pool.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t regions = 31;
#else
constexpr std::size_t regions = 32;
#endif

alloy::lock_free_pool<alloy::layout{24, 8}, 1, alloy::pages<>, regions> pool;
