// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::powers_of_two: Least is not a power of two
#include <alloy/compose/quantize.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::quantize<alloy::powers_of_two<32>> policy;
#else
alloy::quantize<alloy::powers_of_two<48>> policy;
#endif
