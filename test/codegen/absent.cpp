// SPDX-License-Identifier: BSL-1.0
// What is switched off is not there: the same instructions, with it and without it.
// EXPECT: take_uncounted is take
// EXPECT: give_uncounted is give
// EXPECT: take_uncounted_twice is take
// EXPECT: take_uncounted_pool is take_pool
// EXPECT: give_uncounted_pool is give_pool
#include <alloy/compose/counted.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

using namespace alloy;

template <policy P>
using uncounted = counted<P, counted_options{.reads = gauge::none}>;
using list = freelist<layout{64, 16}, malloc_source>;
using pool = pool16<malloc_source>;

template <policy P>
[[gnu::always_inline]] inline void* take_from(P& from) {
    return from.allocate({40, 8});
}
template <policy P>
[[gnu::always_inline]] inline void give_to(P& to, void* at) {
    to.deallocate(at, {40, 8});
}

extern "C" void* take(list& from) { return take_from(from); }
extern "C" void give(list& to, void* at) { give_to(to, at); }
extern "C" void* take_uncounted(uncounted<list>& from) { return take_from(from); }
extern "C" void give_uncounted(uncounted<list>& to, void* at) { give_to(to, at); }
extern "C" void* take_uncounted_twice(uncounted<uncounted<list>>& from) { return take_from(from); }
extern "C" void* take_pool(pool& from) { return take_from(from); }
extern "C" void give_pool(pool& to, void* at) { give_to(to, at); }
extern "C" void* take_uncounted_pool(uncounted<pool>& from) { return take_from(from); }
extern "C" void give_uncounted_pool(uncounted<pool>& to, void* at) { give_to(to, at); }

static_assert(sizeof(uncounted<list>) == sizeof(list) && sizeof(uncounted<pool>) == sizeof(pool));
