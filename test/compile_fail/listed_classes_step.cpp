// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::listed_classes: not a power of two
#include <alloy/core/size_class.hpp>

#if defined(ALLOY_COMPILE_OK)
using classes = alloy::listed_classes<std::array<std::size_t, 2>{24, 48}, 8>;
#else
using classes = alloy::listed_classes<std::array<std::size_t, 2>{24, 48}, 12>;
#endif
static_assert(classes::count == 2);
