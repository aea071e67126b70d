// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::pooled: nobody hands a handle to operator delete: use alloy::global
#include <alloy/adapt/pooled.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/policy/bump.hpp>

#if defined(ALLOY_COMPILE_OK)
using arena = alloy::global<alloy::single_threaded<alloy::bump<>>>;
#else
using arena = alloy::ref<alloy::bump<>>;
#endif

struct node : alloy::pooled<node, arena> {};
