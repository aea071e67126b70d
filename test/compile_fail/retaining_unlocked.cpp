// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::retaining: Mutex guards the row alone
#include <alloy/compose/locked.hpp>
#include <alloy/compose/retaining.hpp>
#include <alloy/policy/pool16.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::retaining<1000, alloy::locked<alloy::pool16<>>, 4, alloy::spin_lock> kept;
#else
alloy::retaining<1000, alloy::pool16<>, 4, alloy::spin_lock> kept;
#endif
