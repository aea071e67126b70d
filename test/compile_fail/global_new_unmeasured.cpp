// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: ALLOY_GLOBAL_NEW: operator delete is told no size
#include <alloy/adapt/c_heap.hpp>
#include <alloy/adapt/global_new.hpp>
#include <alloy/source/malloc.hpp>

#if defined(ALLOY_COMPILE_OK)
ALLOY_GLOBAL_NEW(alloy::c_heap<alloy::malloc_source>);
#else
ALLOY_GLOBAL_NEW(alloy::malloc_source);
#endif
