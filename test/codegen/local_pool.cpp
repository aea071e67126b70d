// SPDX-License-Identifier: BSL-1.0
// EXPECT: take_node <= 6 hot
// EXPECT: give_node <= 4 hot
// EXPECT: take_aligned <= 6 hot
// EXPECT: take_node has no symbol (__tls_get_addr|__cxa_guard)
// EXPECT: give_node has no symbol (__tls_get_addr|__cxa_guard)
// EXPECT: no symbol _ZTH
#include <alloy/preset.hpp>

#include <vector>

struct node {
    unsigned char bytes[40];
};
struct alignas(32) vec {
    float bytes[8];
};

extern "C" node* take_node() { return alloy::local_pool_allocator<node>{}.allocate(1); }
extern "C" void give_node(node* at) { alloy::local_pool_allocator<node>{}.deallocate(at, 1); }
extern "C" vec* take_aligned() { return alloy::local_pool_allocator<vec>{}.allocate(1); }

static_assert(sizeof(alloy::local_pool_allocator<node>) == 1);
static_assert(sizeof(std::vector<int, alloy::pool_allocator<int>>) == sizeof(std::vector<int>));
static_assert(sizeof(std::vector<int, alloy::local_pool_allocator<int>>) ==
              sizeof(std::vector<int>));

// The owner's word is there whether it is checked or not; this file is compiled with NDEBUG.
static_assert(sizeof(alloy::single_threaded<alloy::pool16<>>) ==
              sizeof(alloy::pool16<>) + sizeof(void*));
