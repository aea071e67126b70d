// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::canaried: it would read beside what a guard inside has not checked yet
#include <alloy/compose/canaried.hpp>
#include <alloy/compose/checked.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::checked<alloy::canaried<alloy::new_source>> pool;
#else
alloy::canaried<alloy::checked<alloy::new_source>> pool;
#endif
