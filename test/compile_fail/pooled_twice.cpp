// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: operator new.* (is ambiguous|found in multiple base classes)
// EXPECT-ERROR: operator delete.* (is ambiguous|found in multiple base classes)
#include <alloy/adapt/pooled.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/new.hpp>

#if defined(ALLOY_COMPILE_OK)
struct node : alloy::pooled<node, alloy::new_source> {};
#else
struct node : alloy::pooled<node, alloy::new_source>,
              alloy::pooled<node, alloy::locked<alloy::pool16<>>> {};
#endif

node* make() { return new node; }
void end(node* at) { delete at; }
