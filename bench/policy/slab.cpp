// SPDX-License-Identifier: BSL-1.0
#include "support/churn.hpp"

#include <alloy/policy/slab.hpp>
#include <alloy/preset.hpp>

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using namespace alloy;

/// Numbers that look random, the same ones each time.
class dice {
public:
    std::size_t below(std::size_t n) noexcept {
        state_ ^= state_ << 13U;
        state_ ^= state_ >> 7U;
        state_ ^= state_ << 17U;
        return state_ % n;
    }

private:
    std::uint64_t state_ = 88172645463325252U;
};

/// An element of 32 bytes: 48 with the links of a list.
struct element {
    std::size_t key;
    std::size_t rest[3];
};

template <template <class> class Allocator>
using list_of = std::list<element, Allocator<element>>;

/// 1000 elements stay; one comes at the end, and the first goes.
template <template <class> class Allocator>
void list(benchmark::State& state) {
    list_of<Allocator> elements(1000);
    for (auto _ : state) {
        elements.push_back({});
        elements.pop_front();
        benchmark::ClobberMemory();
    }
}

/// A random key of 64 Ki goes if it is there, or else comes.
template <template <class> class Allocator>
void map(benchmark::State& state) {
    constexpr std::size_t keys = std::size_t{1} << 16U;
    std::unordered_map<std::size_t, element, std::hash<std::size_t>, std::equal_to<>,
                       Allocator<std::pair<const std::size_t, element>>>
        elements;
    elements.reserve(keys);
    dice random;
    for (auto _ : state) {
        const std::size_t key = random.below(keys);
        if (!elements.try_emplace(key).second) { elements.erase(key); }
    }
}

/// A list is walked whose 64 Ki nodes were taken from a heap in which a million blocks had come and
/// gone at random; the time is that of one node.
template <template <class> class Allocator>
void aged_walk(benchmark::State& state) {
    constexpr std::size_t nodes = std::size_t{1} << 16U;
    list_of<Allocator> elements;
    {
        std::vector<list_of<Allocator>> old(2 * nodes);
        dice random;
        for (int i = 0; i < 1'000'000; ++i) {
            auto& one = old[random.below(old.size())];
            one.empty() ? one.push_back({}) : one.pop_back();
        }
        for (auto& one : old) {
            if (random.below(4) != 0) { one.clear(); }
        }
        for (std::size_t i = 0; i < nodes; ++i) { elements.push_back({i, {}}); }
    }
    while (state.KeepRunningBatch(nodes)) {
        std::size_t sum = 0;
        for (const element& each : elements) { sum += each.key; }
        benchmark::DoNotOptimize(sum);
    }
}

/// 200,000 blocks come, and go in random order; the time is that of one block.
template <policy P>
void shuffled_fill(benchmark::State& state) {
    constexpr std::size_t live = 200'000;
    P from;
    dice random;
    std::vector<std::size_t> turn(live);
    for (std::size_t i = 0; i < live; ++i) {
        turn[i] = i;
        std::swap(turn[i], turn[random.below(i + 1)]);
    }
    std::vector<void*> blocks(live);
    while (state.KeepRunningBatch(live)) {
        for (const std::size_t i : turn) {
            blocks[i] = from.allocate({48, 8});
            *static_cast<unsigned char*>(blocks[i]) = 1;
        }
        for (void* const each : blocks) { from.deallocate(each, {48, 8}); }
    }
}

/// One of 200,000 live blocks, a random one, is replaced.
template <policy P>
void replace_of_many(benchmark::State& state) {
    bench::herd<P, bench::one<layout{48, 8}>> blocks{200'000};
    blocks.fill();
    dice random;
    for (auto _ : state) {
        const std::size_t slot = random.below(200'000);
        blocks.release(slot);
        blocks.allocate(slot);
        benchmark::ClobberMemory();
    }
    blocks.drain();
}

void add(const std::string& load, const std::string& name, void (*run)(benchmark::State&)) {
    benchmark::RegisterBenchmark((load + "/" + name).c_str(), run);
}

template <policy P, template <class> class Allocator>
void compare(const std::string& name) {
    using node = bench::one<layout{48, 8}>;
    add("pair", name, bench::pair<P, node>);
    add("replace", name, bench::replace<P, node>);
    add("list", name, list<Allocator>);
    add("map", name, map<Allocator>);
    add("aged_walk", name, aged_walk<Allocator>);
    add("shuffled_fill", name, shuffled_fill<P>);
    add("replace_of_many", name, replace_of_many<P>);
}

template <class T>
using slab_allocator = allocator<T, global<single_threaded<slab<>>>>;

} // namespace

void alloy::bench::benchmarks() {
    compare<slab<>, slab_allocator>("slab");
    compare<pool16<>, local_pool_allocator>("pool16");
    compare<bitmaps, local_bitmap_allocator>("bitmaps");
    compare<new_source, std::allocator>("new_source, std::allocator");
}
