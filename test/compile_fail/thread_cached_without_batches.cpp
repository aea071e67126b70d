// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::thread_cached: Upstream hands out no batches
#include <alloy/compose/locked.hpp>
#include <alloy/compose/thread_cached.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>

#if defined(ALLOY_COMPILE_OK)
using upstream = alloy::freelist<alloy::layout{8, 8}>;
#else
using upstream = alloy::pool16<>;
#endif

alloy::thread_cached<alloy::linear_classes<8, 1>, alloy::global<alloy::locked<upstream>>> cache;
