// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::allocator: allocate T, and let the container hold it const
#include <alloy/preset.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::pool_allocator<int> ints;
#else
alloy::pool_allocator<const int> ints;
#endif
