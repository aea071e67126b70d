// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::thread_cached: threads find Upstream by its type alone
#include <alloy/preset.hpp>

using sizes = alloy::linear_classes<8, 16>;

#if defined(ALLOY_COMPILE_OK)
alloy::thread_cached<sizes, alloy::global<alloy::shared_bitmaps<>>> handle;
#else
alloy::thread_cached<sizes, alloy::shared_bitmaps<>> handle;
#endif
