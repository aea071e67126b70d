// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::thread_cached: half of the slots are moved at a time
#include <alloy/preset.hpp>

using sizes = alloy::linear_classes<8, 16>;
using nodes = alloy::global<alloy::shared_bitmaps<>>;

#if defined(ALLOY_COMPILE_OK)
alloy::thread_cached<sizes, nodes, alloy::thread_cache_options{.slots = 2}> handle;
#else
alloy::thread_cached<sizes, nodes, alloy::thread_cache_options{.slots = 1}> handle;
#endif
