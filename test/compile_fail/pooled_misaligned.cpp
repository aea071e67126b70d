// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::pooled: the policy cannot align Class
#include <alloy/adapt/pooled.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
using list = alloy::freelist<alloy::layout{48, 16}>;
#else
using list = alloy::freelist<alloy::layout{48, 8}>;
#endif

struct node : alloy::pooled<node, alloy::locked<list>> {
    char bytes[48]; // which a class of alignment 16 could have
};

node* make() { return new node; }
