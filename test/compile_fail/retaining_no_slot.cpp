// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::retaining: no slot to keep a block in
#include <alloy/compose/retaining.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::retaining<1000, alloy::new_source, 1> kept;
#else
alloy::retaining<1000, alloy::new_source, 0> kept;
#endif
