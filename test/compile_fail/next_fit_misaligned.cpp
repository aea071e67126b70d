// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::next_fit: the alignment must be a power of two
#include <alloy/policy/next_fit.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr alloy::layout node{24, 8};
#else
constexpr alloy::layout node{24, 12};
#endif

alloy::next_fit<node> nodes;
