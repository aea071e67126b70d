// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::aligned: Align is not a power of two
#include <alloy/compose/aligned.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::aligned<32> blocks;
#else
alloy::aligned<48> blocks;
#endif
