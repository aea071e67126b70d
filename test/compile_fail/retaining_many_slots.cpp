// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::retaining: what leaves lies on the call stack meanwhile
#include <alloy/compose/retaining.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::retaining<1000, alloy::new_source, 1024> kept;
#else
alloy::retaining<1000, alloy::new_source, 1025> kept;
#endif
