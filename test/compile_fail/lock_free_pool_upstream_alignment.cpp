// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_pool: Upstream cannot align a region
#include <alloy/policy/lock_free_pool.hpp>
#include <alloy/source/new.hpp>

struct weak : alloy::new_source {
    static constexpr std::size_t max_align = 16;
};

#if defined(ALLOY_COMPILE_OK)
alloy::lock_free_pool<alloy::layout{64, 16}, 10, weak> pool;
#else
alloy::lock_free_pool<alloy::layout{64, 32}, 10, weak> pool;
#endif
