// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::thread_cached: a cache would hide releases from the guard inside of it
#include <alloy/compose/counted.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/preset.hpp>

using namespace alloy;
using nodes = bitmap<layout{64, 64}>;
using sizes = linear_classes<16, 4>;

#if defined(ALLOY_COMPILE_OK)
counted<thread_cached<sizes, global<locked<nodes>>>> pool;
#else
thread_cached<sizes, global<locked<counted<nodes>>>> pool;
#endif
