// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_buddy: the range is a whole number of units, each a power of two
#include <alloy/policy/lock_free_buddy.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr alloy::range_options range{.bytes = 6400, .unit = 64};
#else
constexpr alloy::range_options range{.bytes = 6400, .unit = 60};
#endif

alloy::lock_free_buddy<range> blocks;
