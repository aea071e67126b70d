// SPDX-License-Identifier: BSL-1.0
// Small adaptors change one thing about a policy, and compose.
// EXPECT: 64-byte aligned, and the vector is as small as a plain one
// EXPECT: a fresh block holds zeros
// EXPECT: the key is gone from the arena: 0 bytes of it left
// EXPECT: 3 names on the stack, 0 spills; with 1000 numbers, some spills: yes
// EXPECT: a buffer of 1000 bytes that nobody cleared
#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/default_init.hpp>
#include <alloy/compose/aligned.hpp>
#include <alloy/compose/fallback.hpp>
#include <alloy/compose/wiped.hpp>
#include <alloy/compose/zeroed.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <list>
#include <memory>
#include <string>
#include <vector>

int main() {
    using lines = std::vector<float, alloy::allocator<float, alloy::aligned<64>>>;
    const lines samples(100);
    static_assert(sizeof(lines) == sizeof(std::vector<float>));
    void* at = const_cast<float*>(samples.data());
    std::size_t room = 1;
    if (std::align(64, 1, at, room) == samples.data()) {
        std::puts("64-byte aligned, and the vector is as small as a plain one");
    }

    alloy::zeroed<alloy::pool16<>> zeros;
    auto* const fresh = static_cast<char*>(zeros.allocate({16, 1}));
    if (std::all_of(fresh, fresh + 16, [](char each) { return each == 0; })) {
        std::puts("a fresh block holds zeros");
    }

    std::array<std::byte, 256> memory{};
    {
        alloy::wiped<alloy::buffer> arena{memory};
        const std::vector<char, alloy::allocator<char, alloy::ref<alloy::wiped<alloy::buffer>>>>
            key(32, 'k', arena);
    }
    std::printf("the key is gone from the arena: %td bytes of it left\n",
                std::count(memory.begin(), memory.end(), std::byte{'k'}));

    alloy::stack_first<512> place;
    using reference = alloy::ref<alloy::stack_first<512>>;
    const std::list<int, alloy::allocator<int, reference>> names({1, 2, 3}, place);
    const std::size_t few = place.spills();
    const std::vector<int, alloy::allocator<int, reference>> many(1000, place);
    std::printf("%zu names on the stack, %zu spills; with 1000 numbers, some spills: %s\n",
                names.size(), few, place.spills() != 0 ? "yes" : "no");

    std::vector<char, alloy::default_init<std::allocator<char>>> bytes(1000);
    std::printf("a buffer of %zu bytes that nobody cleared\n", bytes.size());
}
