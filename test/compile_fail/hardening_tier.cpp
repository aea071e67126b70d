// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::hardening: tiers go from 0 to 4
#include <alloy/hardening.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::hardened_pool<4> pool;
#else
alloy::hardened_pool<5> pool;
#endif
