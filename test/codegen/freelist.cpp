// SPDX-License-Identifier: BSL-1.0
// EXPECT: take_node <= 6 hot
// EXPECT: give_node <= 4 hot
// EXPECT: no symbol __cxa_guard
#include <alloy/policy/freelist.hpp>

using list = alloy::freelist<alloy::layout{40, 8}>;

extern "C" void* take_node(list& from) { return from.allocate({40, 8}); }
extern "C" void give_node(list& to, void* at) { to.deallocate(at, {40, 8}); }
