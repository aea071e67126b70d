// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::slab: a block of some class cannot hold a link
#include <alloy/policy/slab.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t step = 8;
#else
constexpr std::size_t step = 4;
#endif

alloy::slab<alloy::linear_classes<step, 16>> pages;
