// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::checked: a count or a hook inside would see what this one adds
#include <alloy/compose/checked.hpp>
#include <alloy/compose/counted.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::counted<alloy::checked<alloy::new_source>> pool;
#else
alloy::checked<alloy::counted<alloy::new_source>> pool;
#endif
