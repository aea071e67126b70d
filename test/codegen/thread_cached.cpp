// SPDX-License-Identifier: BSL-1.0
// EXPECT: take_node <= 7 hot
// EXPECT: give_node <= 8 hot
// EXPECT: take_node has no symbol (lock |xchg|__tls_get_addr|__cxa_guard)
// EXPECT: give_node has no symbol (lock |xchg|__tls_get_addr|__cxa_guard)
// EXPECT: no symbol _ZTH
#include <alloy/preset.hpp>

struct node {
    unsigned char bytes[40];
};

extern "C" node* take_node() { return alloy::pool_allocator<node>{}.allocate(1); }
extern "C" void give_node(node* at) { alloy::pool_allocator<node>{}.deallocate(at, 1); }

static_assert(sizeof(alloy::pool_allocator<node>) == 1);
