// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::pooled: .* released without a size: wrap the policy in alloy::measured
#include <alloy/adapt/pooled.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/policy/pool16.hpp>

using pool = alloy::locked<alloy::pool16<>>;
#if defined(ALLOY_COMPILE_OK)
using policy = alloy::measured<pool>;
#else
using policy = pool;
#endif

struct node : alloy::pooled<node, policy> {};

node* make() { return new (std::nothrow) node; }
