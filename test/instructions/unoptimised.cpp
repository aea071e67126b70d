// SPDX-License-Identifier: BSL-1.0
// A build without optimisation stays usable: a hot pair of calls costs at most three times what
// std::allocator's does.
// EXPECT: local_pool <= 3.0 * std
// EXPECT: pool <= 3.0 * std
// EXPECT: arena <= 3.0 * std
#include <alloy/preset.hpp>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

struct node {
    char bytes[40];
};

template <class Allocator>
void repeat(Allocator allocator, long n) {
    for (long i = 0; i <= n; ++i) { allocator.deallocate(allocator.allocate(1), 1); }
}

} // namespace

int main(int count, char** words) {
    if (count != 3) { return EXIT_FAILURE; }
    const long n = std::atol(words[2]);
    alloy::bump<> arena;
    const auto is = [&](const char* name) { return std::strcmp(words[1], name) == 0; };
    if (is("std")) {
        repeat(std::allocator<node>{}, n);
    } else if (is("local_pool")) {
        repeat(alloy::local_pool_allocator<node>{}, n);
    } else if (is("pool")) {
        repeat(alloy::pool_allocator<node>{}, n);
    } else if (is("arena")) {
        repeat(alloy::arena_allocator<node>{arena}, n);
    } else {
        return EXIT_FAILURE;
    }
}
