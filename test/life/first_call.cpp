// SPDX-License-Identifier: BSL-1.0
// A malloc that stands on thread_cached: a thread's first call registers the end of its rack, for
// which the C++ runtime itself calls malloc. The thread gets one rack, and gives it back.
// EXPECT: one rack a thread, and none when it ended
#include <alloy/adapt/c_heap.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/thread_cached.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/slab.hpp>
#include <alloy/source/pages.hpp>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

using namespace alloy;

std::atomic<int> made{0};
std::atomic<int> ended{0};

struct memory : pages<> {
    static void* allocate(layout want) noexcept {
        if (++made > 20) { std::_Exit(1); } // a recursion without end
        return pages<>::allocate(want);
    }
    static void deallocate(void* at, layout given) noexcept {
        ++ended;
        pages<>::deallocate(at, given);
    }
};

using sizes = linear_classes<16, 64>;
using blocks = global<locked<slab<sizes, pages<>, pages<>>>>;
constexpr c_heap<thread_cached<sizes, blocks, thread_cache_options{}, memory>> heap;

} // namespace

extern "C" {
void* malloc(std::size_t n) noexcept { return heap.malloc(n); }
void* calloc(std::size_t n, std::size_t m) noexcept { return heap.calloc(n, m); }
void* realloc(void* at, std::size_t n) noexcept { return heap.realloc(at, n); }
void free(void* at) noexcept { heap.free(at); }
void* aligned_alloc(std::size_t align, std::size_t n) noexcept {
    return heap.aligned_alloc(align, n);
}
void* memalign(std::size_t align, std::size_t n) noexcept { return heap.aligned_alloc(align, n); }
int posix_memalign(void** out, std::size_t align, std::size_t n) noexcept {
    return heap.posix_memalign(out, align, n);
}
}

int main() {
    void* volatile block = std::malloc(20);
    std::free(block);
    const int here = made;
    std::thread([] {
        void* volatile other = std::malloc(20);
        std::free(other);
    }).join();
    if (here == 1 && made == 2 && ended == 1) {
        std::puts("one rack a thread, and none when it ended");
    }
}
