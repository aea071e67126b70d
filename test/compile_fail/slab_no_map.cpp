// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::slab: Classes is no map from sizes to classes
#include <alloy/policy/slab.hpp>

struct classes : alloy::linear_classes<8, 4> {
#if !defined(ALLOY_COMPILE_OK)
    static constexpr std::size_t largest = 64; // twice as much as there is a class for
#endif
};

alloy::slab<classes> pages;
