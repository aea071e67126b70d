// SPDX-License-Identifier: BSL-1.0
// The first step: a container's allocator is one template argument.
// EXPECT: 1000 names, the last is name-999
// EXPECT: a pooled vector is as small as a plain one
#include <alloy/preset.hpp>

#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

template <class Key, class Value>
using pooled_map =
    std::map<Key, Value, std::less<>, alloy::pool_allocator<std::pair<const Key, Value>>>;

int main() {
    pooled_map<int, std::string> names; // each node is recycled, none goes back to malloc
    for (int i = 0; i < 1000; ++i) { names.emplace(i, "name-" + std::to_string(i)); }
    std::printf("%zu names, the last is %s\n", names.size(), names.rbegin()->second.c_str());

    using plain = std::vector<int>;
    using pooled = std::vector<int, alloy::pool_allocator<int>>;
    static_assert(sizeof(pooled) == sizeof(plain)); // the allocator is an empty class
    std::puts("a pooled vector is as small as a plain one");
}
