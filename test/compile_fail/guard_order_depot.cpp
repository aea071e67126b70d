// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::depot: a cache would hide releases from the guard inside of it
#include <alloy/compose/counted.hpp>
#include <alloy/compose/depot.hpp>
#include <alloy/policy/freelist.hpp>

using namespace alloy;
constexpr layout node{64, 16};

#if defined(ALLOY_COMPILE_OK)
counted<depot<node, freelist<node>>> pool;
#else
depot<node, counted<freelist<node>>> pool;
#endif
