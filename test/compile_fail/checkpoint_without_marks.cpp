// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: (constraints not satisfied|constraint failure)
#include <alloy/core/checkpoint.hpp>
#include <alloy/policy/bump.hpp>

#if defined(ALLOY_COMPILE_OK)
using target = alloy::bump<>;
#else
using target = alloy::new_source;
#endif

void use(alloy::checkpoint<target>& scope);
