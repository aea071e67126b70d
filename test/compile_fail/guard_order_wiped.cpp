// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::wiped: it would write to what a guard inside has not checked yet
#include <alloy/compose/checked.hpp>
#include <alloy/compose/wiped.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::checked<alloy::wiped<>> pool;
#else
alloy::wiped<alloy::checked<alloy::new_source>> pool;
#endif
