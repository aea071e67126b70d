// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::magazine: Upstream cannot align the blocks of a class
#include <alloy/compose/magazine.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
using upstream = alloy::freelist<alloy::layout{32, 32}>;
#else
using upstream = alloy::freelist<alloy::layout{32, 8}>;
#endif

alloy::magazine<alloy::linear_classes<8, 4>, upstream> blocks;
