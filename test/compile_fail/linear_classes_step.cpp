// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::linear_classes: not a power of two
#include <alloy/core/size_class.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t step = 16;
#else
constexpr std::size_t step = 12;
#endif

static_assert(alloy::linear_classes<step, 4>::count == 4);
