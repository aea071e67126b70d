// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::multiples_of: Step is zero
#include <alloy/compose/quantize.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::quantize<alloy::multiples_of<1>> policy;
#else
alloy::quantize<alloy::multiples_of<0>> policy;
#endif
