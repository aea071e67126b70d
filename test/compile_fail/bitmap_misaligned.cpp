// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::bitmap: the alignment must be a power of two
#include <alloy/policy/bitmap.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr alloy::layout node{24, 8};
#else
constexpr alloy::layout node{24, 12};
#endif

alloy::bitmap<node> bits;
