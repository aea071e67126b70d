// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::listed_classes: the sizes are not rising multiples of Step
#include <alloy/core/size_class.hpp>

#if defined(ALLOY_COMPILE_OK)
using classes = alloy::listed_classes<std::array<std::size_t, 2>{16, 24}>;
#else
using classes = alloy::listed_classes<std::array<std::size_t, 2>{24, 16}>;
#endif
static_assert(classes::count == 2);
