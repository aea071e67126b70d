// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::parts_to_a_doubling: not powers of two
#include <alloy/compose/quantize.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr auto rounded = alloy::parts_to_a_doubling<4>::rounded(100);
#else
constexpr auto rounded = alloy::parts_to_a_doubling<3>::rounded(100);
#endif
