// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::pages: a tight block ends at its guard
#include <alloy/source/pages.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr bool guard = true;
#else
constexpr bool guard = false;
#endif

alloy::pages<alloy::pages_options{.guard = guard, .tight = true}> fenced;
