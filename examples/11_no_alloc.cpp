// SPDX-License-Identifier: BSL-1.0
// A test that fails if a hot path allocates: every new of the program is watched.
// EXPECT: with room reserved: 0 requests
// EXPECT: a request of 400 bytes inside a no_alloc_scope
// EXPECT: without: 1 request
#include <alloy/adapt/c_heap.hpp>
#include <alloy/adapt/global_new.hpp>
#include <alloy/compose/watched.hpp>
#include <alloy/source/malloc.hpp>

#include <cstdio>
#include <vector>

// In one source file: operator new and delete, in all forms, from a watched heap over malloc.
ALLOY_GLOBAL_NEW(alloy::watched<alloy::c_heap<alloy::malloc_source>>);

namespace {

/// What must never wait for memory.
void step(std::vector<int>& history) { history.resize(100, 7); }

} // namespace

int main() {
    // Without a handler of its own the program prints the size and aborts, as a test should.
    alloy::no_alloc_scope::on_violation([](std::size_t bytes) noexcept {
        std::printf("a request of %zu bytes inside a no_alloc_scope\n", bytes);
    });

    std::vector<int> roomy;
    roomy.reserve(100);
    {
        const alloy::no_alloc_scope quiet;
        step(roomy);
        std::printf("with room reserved: %zu requests\n", quiet.violations());
    }
    std::vector<int> bare;
    const alloy::no_alloc_scope quiet;
    step(bare);
    std::printf("without: %zu request\n", quiet.violations());
}
