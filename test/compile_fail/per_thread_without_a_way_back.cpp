// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: P must take back any block, or be found from it, as alloy::remote is
#include <alloy/compose/remote.hpp>
#include <alloy/core/per_thread.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/pages.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::per_thread<alloy::remote<alloy::pool16<>>, alloy::pages<>> handle;
#else
alloy::per_thread<alloy::pool16<>, alloy::pages<>> handle;
#endif
