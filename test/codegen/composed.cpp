// SPDX-License-Identifier: BSL-1.0
// What is known when a program is compiled costs nothing when it runs: three layers and a route
// compile to what the list alone does.
// EXPECT: take_plain <= 6 hot
// EXPECT: give_plain <= 4 hot
// EXPECT: take_composed <= 6 hot
// EXPECT: give_composed <= 4 hot
// EXPECT: take_composed has no symbol _Znw
// EXPECT: no symbol __cxa_guard
#include <alloy/compose/aligned.hpp>
#include <alloy/compose/quantize.hpp>
#include <alloy/compose/segregate.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/source/malloc.hpp>

using namespace alloy;

using list = freelist<layout{64, 16}, malloc_source>;
using composed = segregate<tier<layout{64, 16}, aligned<16, quantize<multiples_of<32>, list>>>,
                           tier<layout{4096, 4096}, malloc_source>, new_source>;
static_assert(sizeof(composed) == sizeof(list));

extern "C" void* take_plain(list& from) { return from.allocate({40, 8}); }
extern "C" void give_plain(list& to, void* at) { to.deallocate(at, {40, 8}); }
extern "C" void* take_composed(composed& from) { return from.allocate({40, 8}); }
extern "C" void give_composed(composed& to, void* at) { to.deallocate(at, {40, 8}); }
