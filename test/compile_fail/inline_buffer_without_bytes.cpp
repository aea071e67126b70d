// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::inline_buffer: no bytes to serve from
#include <alloy/source/buffer.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::inline_buffer<1> place;
#else
alloy::inline_buffer<0> place;
#endif
