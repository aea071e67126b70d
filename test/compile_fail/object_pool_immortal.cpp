// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::object_pool: a slot has 1 to 2\^31 - 1 lives
#include <alloy/adapt/object_pool.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::object_pool<int, alloy::new_source, 1> pool;
#else
alloy::object_pool<int, alloy::new_source, 0> pool;
#endif
