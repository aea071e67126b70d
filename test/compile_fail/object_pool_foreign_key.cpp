// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: (no matching|cannot convert|could not convert)
#include <alloy/adapt/object_pool.hpp>

#if defined(ALLOY_COMPILE_OK)
using element = int;
#else
using element = long;
#endif

int* find(alloy::object_pool<int>& pool, alloy::object_key<element> key) { return pool.get(key); }
