// SPDX-License-Identifier: BSL-1.0
// EXPECT: take_block <= 7 hot
// EXPECT: give_block <= 3 hot
// EXPECT: no symbol __cxa_guard
#include <alloy/policy/bump.hpp>

extern "C" void* take_block(alloy::bump<>& from) { return from.allocate({40, 8}); }
extern "C" void give_block(alloy::bump<>& to, void* at) { to.deallocate(at, {40, 8}); }
