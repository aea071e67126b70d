// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::size_classes: Classes is no map from sizes to classes
#include <alloy/compose/size_classes.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/source/new.hpp>

struct classes : alloy::linear_classes<8, 4> {
#if !defined(ALLOY_COMPILE_OK)
    static constexpr std::size_t largest = 64; // twice as much as there is a class for
#endif
};
template <alloy::layout Node>
using bin = alloy::freelist<Node>;
alloy::size_classes<classes, bin, alloy::new_source> pool;
