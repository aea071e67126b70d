// SPDX-License-Identifier: BSL-1.0
#include "tools.hpp"

namespace alloy::test {

std::vector<told> heaptrack_told;
std::vector<told> tracy_told;
int tracy_unguarded = 0;

} // namespace alloy::test

using namespace alloy::test;

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the tools'
extern "C" {

void heaptrack_malloc(void* at, std::size_t size);
void heaptrack_malloc(void* at, std::size_t size) { heaptrack_told.push_back({at, size}); }

void heaptrack_free(void* at);
void heaptrack_free(void* at) { heaptrack_told.push_back({at, 0}); }

void ___tracy_emit_memory_alloc(const void* at, std::size_t size, int secure);
void ___tracy_emit_memory_alloc(const void* at, std::size_t size, int secure) {
    tracy_told.push_back({at, size});
    tracy_unguarded += secure == 0 ? 1 : 0;
}

void ___tracy_emit_memory_free(const void* at, int secure);
void ___tracy_emit_memory_free(const void* at, int secure) {
    tracy_told.push_back({at, 0});
    tracy_unguarded += secure == 0 ? 1 : 0;
}
}
// NOLINTEND(bugprone-reserved-identifier)
