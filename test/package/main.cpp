// SPDX-License-Identifier: BSL-1.0
#include <alloy/preset.hpp>

#include <cstdio>
#include <numeric>
#include <vector>

int main() {
    std::vector<int, alloy::pool_allocator<int>> numbers;
    for (int i = 0; i < 1000; ++i) { numbers.push_back(i); }
    std::printf("%d\n", std::accumulate(numbers.begin(), numbers.end(), 0));
}
