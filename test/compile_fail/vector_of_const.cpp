// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::vector: hold T, and let the vector be const
#include <alloy/adapt/vector.hpp>

#if defined(ALLOY_COMPILE_OK)
const alloy::vector<int> numbers;
#else
alloy::vector<const int> numbers;
#endif
