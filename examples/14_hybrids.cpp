// SPDX-License-Identifier: BSL-1.0
// Two strategies together: a region that takes blocks back, a heap that is bounded, a scratch pad.
// EXPECT: the reap has 4000 bytes again, and the same node: yes
// EXPECT: after reset() nothing is left but kept memory: yes
// EXPECT: the bounded heap refuses what it has no room for: yes, and serves again: yes
// EXPECT: the call asked the heap 0 times
#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/fallback.hpp>
#include <alloy/hybrid.hpp>

#include <cstdio>
#include <list>
#include <vector>

namespace {

const char* yes(bool holds) { return holds ? "yes" : "no"; }

/// A request of a server: it frees as it goes, and in the end all at once.
void reap() {
    alloy::reap<> region;
    void* const buffer = region.allocate({4'000, 8});
    void* const node = region.allocate({48, 8});
    region.deallocate(buffer, {4'000, 8});
    region.deallocate(node, {48, 8});
    std::printf("the reap has 4000 bytes again, and the same node: %s\n",
                yes(region.allocate({4'000, 8}) == buffer && region.allocate({48, 8}) == node));
    region.reset();
    std::printf("after reset() nothing is left but kept memory: %s\n", yes(region.trim() > 0));
}

/// A control loop: 64 KiB of its own, every call within 20 steps, and no system behind it.
void real_time() {
    static constinit alloy::real_time<> heap;
    void* const half = heap.allocate({32'000, 8});
    const bool refuses = heap.allocate({40'000, 8}) == nullptr;
    heap.deallocate(half, {32'000, 8});
    void* const more = heap.allocate({40'000, 8});
    std::printf("the bounded heap refuses what it has no room for: %s, and serves again: %s\n",
                yes(refuses), yes(more != nullptr));
    heap.deallocate(more, {40'000, 8});
}

/// A function whose containers are nearly always small.
void stack_first() {
    alloy::stack_first<2'048> scratch;
    using handle = alloy::allocator<int, alloy::ref<alloy::stack_first<2'048>>>;
    const std::list<int, handle> list({1, 2, 3}, scratch);
    const std::vector<int, handle> row(list.begin(), list.end(), scratch);
    std::printf("the call asked the heap %zu times\n", scratch.spills());
}

} // namespace

int main() {
    reap();
    real_time();
    stack_first();
}
