// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::counted: threads share the counters, but Upstream is not thread-safe
#include <alloy/compose/counted.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/pool16.hpp>

using namespace alloy;

#if defined(ALLOY_COMPILE_OK)
counted<locked<pool16<>>, counted_options{.shared = true}> pool;
#else
counted<pool16<>, counted_options{.shared = true}> pool;
#endif
