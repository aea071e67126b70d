// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::thread_cached: threads share Upstream: wrap it in alloy::locked
#include <alloy/policy/bitmap.hpp>
#include <alloy/preset.hpp>

using namespace alloy;
using nodes = bitmap<layout{64, 64}>;
using sizes = linear_classes<16, 4>;

#if defined(ALLOY_COMPILE_OK)
thread_cached<sizes, global<locked<nodes>>> handle;
#else
thread_cached<sizes, global<single_threaded<nodes>>> handle;
#endif
