// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: ALLOY_GLOBAL_NEW: operator new would ask itself
#include <alloy/adapt/c_heap.hpp>
#include <alloy/adapt/global_new.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#if defined(ALLOY_COMPILE_OK)
ALLOY_GLOBAL_NEW(alloy::c_heap<alloy::locked<alloy::pool16<alloy::malloc_source>>>);
#else
ALLOY_GLOBAL_NEW(alloy::c_heap<alloy::locked<alloy::pool16<>>>);
#endif
