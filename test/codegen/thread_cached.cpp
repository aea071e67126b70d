// SPDX-License-Identifier: BSL-1.0
// EXPECT: take_node <= 7 hot
// EXPECT: give_node <= 8 hot
// EXPECT: take_page <= 7 hot
// EXPECT: give_page <= 8 hot
// EXPECT: take_node has no symbol (lock |xchg|__tls_get_addr|__cxa_guard)
// EXPECT: give_node has no symbol (lock |xchg|__tls_get_addr|__cxa_guard)
// EXPECT: no symbol _ZTH
#include <alloy/preset.hpp>

#include <cstddef>

struct node {
    unsigned char bytes[40];
};

extern "C" node* take_node() { return alloy::pool_allocator<node>{}.allocate(1); }
extern "C" void give_node(node* at) { alloy::pool_allocator<node>{}.deallocate(at, 1); }

// Beside other sizes, and one that is no constant: how often it is called decides nothing.
struct page {
    unsigned char bytes[500];
};

extern "C" page* take_page() { return alloy::pool_allocator<page>{}.allocate(1); }
extern "C" void give_page(page* at) { alloy::pool_allocator<page>{}.deallocate(at, 1); }
extern "C" char* take_text(std::size_t n) { return alloy::pool_allocator<char>{}.allocate(n); }
extern "C" void give_text(char* at, std::size_t n) {
    alloy::pool_allocator<char>{}.deallocate(at, n);
}

static_assert(sizeof(alloy::pool_allocator<node>) == 1);
