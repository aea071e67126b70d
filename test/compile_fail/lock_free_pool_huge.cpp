// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_pool: the nodes are larger than the address space
#include <alloy/policy/lock_free_pool.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t count = 0x7FFFF;
#else
constexpr std::size_t count = 0x80000;
#endif

alloy::lock_free_pool<alloy::layout{std::size_t{1} << 44U, 8}, count> pool;
