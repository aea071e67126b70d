// SPDX-License-Identifier: BSL-1.0
// EXPECT: take_node <= 6 hot
// EXPECT: give_node <= 4 hot
// EXPECT: take_encoded <= 17 hot
// EXPECT: give_encoded <= 9 hot
// EXPECT: no symbol __cxa_guard
#include <alloy/policy/freelist.hpp>

using list = alloy::freelist<alloy::layout{40, 8}>;
using encoded = alloy::freelist<alloy::layout{40, 8}, alloy::new_source, alloy::unlimited, 1,
                                alloy::links::encoded>;

extern "C" void* take_node(list& from) { return from.allocate({40, 8}); }
extern "C" void give_node(list& to, void* at) { to.deallocate(at, {40, 8}); }
extern "C" void* take_encoded(encoded& from) { return from.allocate({40, 8}); }
extern "C" void give_encoded(encoded& to, void* at) { to.deallocate(at, {40, 8}); }

static_assert(sizeof(encoded) == sizeof(list) + 40);
