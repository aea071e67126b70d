// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_buddy: align is a power of two from a unit to what Upstream can do
#include <alloy/policy/lock_free_buddy.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr alloy::range_options range{.bytes = 6400, .unit = 64, .align = 64};
#else
constexpr alloy::range_options range{.bytes = 6400, .unit = 64, .align = 32};
#endif

alloy::lock_free_buddy<range> blocks;
