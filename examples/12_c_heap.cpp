// SPDX-License-Identifier: BSL-1.0
// C code that is given an allocator by function pointers, and so loses every size, on a pool.
// EXPECT: hello, hello, hello
// EXPECT: 20 bytes, known without being told
// EXPECT: too much is null, and errno is ENOMEM
// EXPECT: aligned to a page
#include <alloy/adapt/c_heap.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/core/bits.hpp>
#include <alloy/policy/pool16.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

constexpr alloy::c_heap<alloy::locked<alloy::pool16<>>> heap; // the process-wide one

/// As C libraries ask for it.
struct hooks {
    void* (*resize)(void*, std::size_t);
    void (*release)(void*);
};

constexpr hooks pooled{[](void* at, std::size_t size) { return heap.realloc(at, size); },
                       [](void* at) { heap.free(at); }};

char* append(const hooks& memory, char* text, const char* more) {
    const std::size_t length = text == nullptr ? 0 : std::strlen(text);
    text = static_cast<char*>(memory.resize(text, length + std::strlen(more) + 1));
    if (text != nullptr) { std::strcpy(text + length, more); }
    return text;
}

} // namespace

int main() {
    char* text = append(pooled, nullptr, "hello, ");
    text = append(pooled, text, "hello, ");
    text = append(pooled, text, "hello");
    std::puts(text);
    std::printf("%zu bytes, known without being told\n", heap.malloc_usable_size(text));
    pooled.release(text);

    if (heap.calloc(SIZE_MAX / 2, 4) == nullptr && errno == ENOMEM) {
        std::puts("too much is null, and errno is ENOMEM");
    }
    void* const page = heap.aligned_alloc(4096, 100);
    if (alloy::detail::is_aligned(page, 4096)) { std::puts("aligned to a page"); }
    heap.free(page);
}
