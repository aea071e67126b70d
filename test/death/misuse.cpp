// SPDX-License-Identifier: BSL-1.0
// Plants one misuse of one policy's block, for AddressSanitizer to report.   misuse POLICY MISUSE
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/lock_free_buddy.hpp>
#include <alloy/policy/lock_free_pool.hpp>
#include <alloy/preset.hpp>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using namespace std::literals;

// 40 bytes and an odd 3: a node that fills its block, and one that leaves slack behind it.
struct node {
    unsigned char bytes[40];
};
struct odd {
    unsigned char bytes[3];
};

template <class T, class P>
void plant(P& policy, std::string_view misuse) {
    alloy::allocator<T, alloy::ref<P>> allocator{policy};
    T* const older = allocator.allocate(1); // so that the planted block is neither first nor last
    T* const block = allocator.allocate(1);
    T* const newer = allocator.allocate(1);
    auto* volatile bytes = reinterpret_cast<unsigned char*>(block);
    if (misuse == "use_after_free_first") {
        allocator.deallocate(block, 1);
        bytes[0] = 1;
    } else if (misuse == "use_after_free_last") {
        allocator.deallocate(block, 1);
        bytes[sizeof(T) - 1] = 1;
    } else if (misuse == "overflow_by_one") {
        bytes[sizeof(T)] = 1;
        allocator.deallocate(block, 1);
    } else if (misuse == "double_free") {
        allocator.deallocate(block, 1);
        allocator.deallocate(block, 1);
    } else if (misuse == "none") {
        allocator.deallocate(block, 1);
    } else {
        std::printf("no misuse %s\n", misuse.data());
        std::exit(2);
    }
    allocator.deallocate(newer, 1);
    allocator.deallocate(older, 1);
}

template <class P>
void plant_in(std::string_view misuse) {
    P policy;
    if (misuse.starts_with("odd_")) {
        plant<odd>(policy, misuse.substr(4));
    } else {
        plant<node>(policy, misuse);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) { return 2; }
    constexpr alloy::layout room{40, 8};
    const std::string_view policy = argv[1];
    const std::string_view misuse = argv[2];
    if (policy == "bump") {
        plant_in<alloy::bump<>>(misuse);
    } else if (policy == "freelist") {
        plant_in<alloy::freelist<room>>(misuse);
    } else if (policy == "freelist_in_chunks") {
        plant_in<alloy::freelist<room, alloy::new_source, alloy::unlimited, 16>>(misuse);
    } else if (policy == "bitmap") {
        plant_in<alloy::bitmap<room>>(misuse);
    } else if (policy == "bitmaps") {
        plant_in<alloy::bitmaps>(misuse);
    } else if (policy == "buddy") {
        plant_in<alloy::buddy<>>(misuse);
    } else if (policy == "next_fit") {
        plant_in<alloy::next_fit<room>>(misuse);
    } else if (policy == "pool16") {
        plant_in<alloy::pool16<>>(misuse);
    } else if (policy == "slab") {
        plant_in<alloy::slab<>>(misuse);
    } else if (policy == "lock_free_pool") {
        plant_in<alloy::lock_free_pool<room, 64>>(misuse);
    } else if (policy == "lock_free_buddy") {
        plant_in<alloy::lock_free_buddy<>>(misuse);
    } else {
        std::printf("no policy %s\n", policy.data());
        return 2;
    }
}
