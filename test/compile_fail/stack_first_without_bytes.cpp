// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::stack_first: no bytes to serve from first
#include <alloy/compose/stack_first.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::stack_first<1> place;
#else
alloy::stack_first<0> place;
#endif
