// SPDX-License-Identifier: BSL-1.0
// Any policy is a std::pmr::memory_resource, and the standard's resources have quicker likenesses.
// EXPECT: 3 words from an arena on the stack, and none from the heap
// EXPECT: a list of 1000 asked upstream fewer than 10 times, and kept nothing
// EXPECT: the default resource is a pool that all threads share
#include <alloy/adapt/inspecting_resource.hpp>
#include <alloy/adapt/pool_resource.hpp>
#include <alloy/adapt/resource.hpp>
#include <alloy/preset.hpp>
#include <alloy/source/buffer.hpp>

#include <cstdio>
#include <list>
#include <memory_resource>
#include <string>
#include <vector>

int main() {
    alloy::resource<alloy::inline_buffer<4096>> arena; // owns its policy
    std::pmr::vector<std::pmr::string> words{&arena};
    for (const char* word : {"one container type,", "whatever the memory", "is made of"}) {
        words.emplace_back(word); // the strings come from the arena too
    }
    std::printf("%zu words from an arena on the stack, and none from the heap\n", words.size());

    int requests = 0;
    std::ptrdiff_t kept = 0;
    alloy::inspecting_resource watched{[&](const alloy::resource_call& call) {
        const auto bytes = static_cast<std::ptrdiff_t>(call.bytes);
        const bool request = call.what == alloy::resource_call::kind::allocate;
        requests += request ? 1 : 0;
        kept += request ? bytes : -bytes;
    }};
    {
        alloy::pmr::unsynchronized_pool_resource pool{&watched};
        const std::pmr::list<int> numbers(1000, 42, &pool);
    }
    std::printf("a list of 1000 asked upstream %s 10 times, and kept %s\n",
                requests < 10 ? "fewer than" : "at least", kept == 0 ? "nothing" : "memory");

    using everywhere = alloy::global<alloy::locked<alloy::pool16<>>>;
    std::pmr::set_default_resource(alloy::resource_of<everywhere>()); // never destroyed
    const std::pmr::string text = "a string that is too long to stand in its own object";
    std::printf("the default resource is %s\n",
                text.get_allocator().resource() == alloy::resource_of<everywhere>()
                    ? "a pool that all threads share"
                    : "another");
}
