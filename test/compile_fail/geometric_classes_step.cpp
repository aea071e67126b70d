// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::geometric_classes: not powers of two, or Largest below 2 Parts Step
#include <alloy/core/size_class.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t step = 16;
#else
constexpr std::size_t step = 12;
#endif

static_assert(alloy::geometric_classes<step, 2, 128>::count == 6);
