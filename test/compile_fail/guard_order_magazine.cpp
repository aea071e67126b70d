// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::magazine: a cache would hide releases from the guard inside of it
#include <alloy/compose/counted.hpp>
#include <alloy/compose/magazine.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/freelist.hpp>

using namespace alloy;
using nodes = freelist<layout{64, 64}>;
using sizes = linear_classes<16, 4>;

#if defined(ALLOY_COMPILE_OK)
counted<magazine<sizes, nodes>> pool;
#else
magazine<sizes, counted<nodes>> pool;
#endif
