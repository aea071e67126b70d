// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::size_classes: a Bin cannot align the blocks of its class
#include <alloy/compose/size_classes.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
template <alloy::layout Node>
using bin = alloy::freelist<Node>;
#else
template <alloy::layout Node>
using bin = alloy::freelist<alloy::layout{Node.size, 8}>;
#endif

alloy::size_classes<alloy::linear_classes<8, 4>, bin, alloy::new_source> classes;
