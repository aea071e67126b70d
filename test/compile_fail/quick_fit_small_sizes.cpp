// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::quick_fit: Sizes is no map to classes whose free blocks hold a link
#include <alloy/core/size_class.hpp>
#include <alloy/hybrid.hpp>

#if defined(ALLOY_COMPILE_OK)
using sizes = alloy::linear_classes<8, 16>;
#else
using sizes = alloy::linear_classes<4, 16>;
#endif

alloy::quick_fit<sizes> fit;
