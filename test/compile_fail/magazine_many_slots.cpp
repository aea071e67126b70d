// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::magazine: what is moved lies on the call stack meanwhile
#include <alloy/compose/magazine.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/freelist.hpp>

using list = alloy::freelist<alloy::layout{8, 8}>;

#if defined(ALLOY_COMPILE_OK)
alloy::magazine<alloy::linear_classes<8, 1>, list, 1024> kept;
#else
alloy::magazine<alloy::linear_classes<8, 1>, list, 1025> kept;
#endif
