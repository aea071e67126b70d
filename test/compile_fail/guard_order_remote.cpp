// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::remote: an inbox would hide releases from the guard inside of it
#include <alloy/compose/counted.hpp>
#include <alloy/compose/remote.hpp>
#include <alloy/policy/pool16.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::remote<alloy::pool16<alloy::counted<alloy::new_source>>> place;
#else
alloy::remote<alloy::counted<alloy::pool16<>>> place;
#endif
