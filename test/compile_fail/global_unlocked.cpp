// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::global: every thread reaches this policy
#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/pool16.hpp>

#if defined(ALLOY_COMPILE_OK)
void* at = alloy::global<alloy::locked<alloy::pool16<>>>{}.allocate({8, 8});
#else
void* at = alloy::global<alloy::pool16<>>{}.allocate({8, 8});
#endif
