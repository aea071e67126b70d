// SPDX-License-Identifier: BSL-1.0
// What is wiped is wiped in the object code, whatever the optimiser knows of those who release it.
// It does know: a memset alone, which is the control, is gone.
// EXPECT: to_malloc wipes 64 before free
// EXPECT: to_malloc_of_any_size wipes 64 before free
// EXPECT: to_new wipes 64 before _ZdlPv
// EXPECT: to_new_of_any_size wipes 64 before _ZdlPv
// EXPECT: to_pool wipes 64
// EXPECT: past_the_pool wipes 400 before _ZdlPv
// EXPECT: many_to_list wipes 64
// EXPECT: control forgets 64 before free
#include <alloy/compose/wiped.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include <cstdlib>
#include <cstring>

using namespace alloy;
using small = wiped<pool16<>>;
using list = wiped<freelist<layout{64, 8}, malloc_source>>;

extern "C" void to_malloc(void* at) { wiped<malloc_source>{}.deallocate(at, {64, 8}); }
extern "C" void to_malloc_of_any_size(void* at, std::size_t size) {
    wiped<malloc_source>{}.deallocate(at, {size, 8});
}
extern "C" void to_new(void* at) { wiped<new_source>{}.deallocate(at, {64, 8}); }
extern "C" void to_new_of_any_size(void* at, std::size_t size) {
    wiped<new_source>{}.deallocate(at, {size, 8});
}
extern "C" void to_pool(small& to, void* at) { to.deallocate(at, {64, 8}); }
extern "C" void past_the_pool(small& to, void* at) { to.deallocate(at, {400, 8}); }
extern "C" void many_to_list(list& to, void* const* in, std::size_t n) {
    to.deallocate_batch(in, n, {64, 8});
}
extern "C" void control(void* at) {
    std::memset(at, 0, 64);
    std::free(at);
}
