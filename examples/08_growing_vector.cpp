// SPDX-License-Identifier: BSL-1.0
// A vector that knows its arena grows where it is, and so leaves no old blocks behind.
// EXPECT: std::vector: 1000 numbers, moved 11 times
// EXPECT: alloy::vector: 1000 numbers, moved 1 times
// EXPECT: three words, and deduced from its arena
#include <alloy/adapt/vector.hpp>
#include <alloy/preset.hpp>

#include <cstdio>
#include <type_traits>
#include <vector>

template <class Vector>
void grow(const char* name, Vector numbers) {
    const int* last = numbers.data();
    int moved = 0;
    for (int i = 0; i < 1000; ++i) {
        numbers.push_back(i);
        if (numbers.data() != last) {
            last = numbers.data();
            ++moved;
        }
    }
    std::printf("%s: %zu numbers, moved %d times\n", name, numbers.size(), moved);
}

int main() {
    // One chunk that is large enough, as an arena that has been in use for a while has it.
    alloy::bump<alloy::bump_options{.first = 65'536}> arena;
    using handle = alloy::ref<decltype(arena)>;

    grow("std::vector", std::vector<int, alloy::arena_allocator<int, decltype(arena)>>(arena));
    grow("alloy::vector", alloy::vector<int, handle>(arena));

    const alloy::vector squares({1, 4, 9}, arena);
    static_assert(std::is_same_v<decltype(squares), const alloy::vector<int, handle>>);
    static_assert(sizeof(alloy::vector<int>) == 3 * sizeof(void*));
    std::puts("three words, and deduced from its arena");
}
