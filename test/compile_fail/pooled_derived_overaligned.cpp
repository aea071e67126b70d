// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::pooled: .* released without a size: wrap the policy in alloy::measured
#include <alloy/adapt/pooled.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/pool16.hpp>

#if defined(ALLOY_COMPILE_OK)
struct alignas(64) node : alloy::pooled<node, alloy::locked<alloy::pool16<>>> {};
#else
struct node : alloy::pooled<node, alloy::locked<alloy::pool16<>>> {};
#endif
struct alignas(64) leaf : node {};

leaf* make() { return new leaf; }
