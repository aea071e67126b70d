// SPDX-License-Identifier: BSL-1.0
// What a guard costs over a list's 6 and 4 instructions while it has nothing to do.
// EXPECT: take_passing <= 9 hot
// EXPECT: give_passing <= 7 hot
// EXPECT: take_sealed <= 9 hot
// EXPECT: give_sealed <= 4 hot
// EXPECT: take_shown <= 10 hot
// EXPECT: give_shown <= 11 hot
// EXPECT: no symbol __cxa_guard
#include <alloy/compose/hooked.hpp>
#include <alloy/compose/passthrough.hpp>
#include <alloy/compose/sealed.hpp>
#include <alloy/policy/freelist.hpp>

using namespace alloy;

using list = freelist<layout{40, 8}>;
using shown = hooked<heaptrack_hooks, list>;

extern "C" void* take_passing(passthrough<list>& from) { return from.allocate({40, 8}); }
extern "C" void give_passing(passthrough<list>& to, void* at) { to.deallocate(at, {40, 8}); }
extern "C" void* take_sealed(sealed<list>& from) { return from.allocate({40, 8}); }
extern "C" void give_sealed(sealed<list>& to, void* at) { to.deallocate(at, {40, 8}); }
extern "C" void* take_shown(shown& from) { return from.allocate({40, 8}); }
extern "C" void give_shown(shown& to, void* at) { to.deallocate(at, {40, 8}); }
