// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: ALLOY_GLOBAL_NEW: every thread reaches this policy, through an empty handle
#include <alloy/adapt/c_heap.hpp>
#include <alloy/adapt/global_new.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

using pool = alloy::locked<alloy::pool16<alloy::malloc_source>>;

#if defined(ALLOY_COMPILE_OK)
ALLOY_GLOBAL_NEW(alloy::c_heap<pool>);
#else
ALLOY_GLOBAL_NEW(alloy::c_heap<alloy::ref<pool>>);
#endif
