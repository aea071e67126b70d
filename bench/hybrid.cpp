// SPDX-License-Identifier: BSL-1.0
#include "support/churn.hpp"

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/fallback.hpp>
#include <alloy/hybrid.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace alloy;

constexpr std::uint32_t scatter(std::uint32_t key) noexcept { return (key * 2654435769U) >> 12U; }

/// Seven small objects to a buffer: what a kernel asks its slabs and its pages for.
struct objects_and_buffers {
    static constexpr layout of(std::uint32_t key) noexcept {
        const std::size_t spread = scatter(key);
        return {key % 8 != 0 ? 1 + spread % 128 : 256 + spread % 16'129, 8};
    }
};

/// Nine of ten requests have one of three sizes.
struct few_hot_sizes {
    static constexpr layout of(std::uint32_t key) noexcept {
        const std::size_t spread = scatter(key);
        if (spread % 10 == 0) { return {1 + spread % 4'096, 8}; }
        return {key % 3 == 0 ? std::size_t{24} : key % 3 == 1 ? std::size_t{40} : 64, 8};
    }
};

/// Counts what it passes on.
struct metered {
    static constexpr std::size_t max_align = new_source::max_align;
    static inline std::size_t out = 0;
    static inline std::size_t peak = 0;

    [[nodiscard]] static void* allocate(layout want) noexcept {
        out += want.size;
        peak = std::max(peak, out);
        return new_source::allocate(want);
    }
    static void deallocate(void* at, layout given) noexcept {
        out -= given.size;
        new_source::deallocate(at, given);
    }
};

/// A phase of 64 Ki requests, each of which ends the one 256 before it; then all end together.
template <class P>
void live_through(P& memory) {
    using sizes = bench::mixed<8, 512>;
    constexpr std::uint32_t requests = 65'536;
    std::array<void*, 256> window{};
    for (std::uint32_t key = 0; key < requests; ++key) {
        void*& slot = window[key % 256];
        if (key >= 256) { memory.deallocate(slot, sizes::of(key - 256)); }
        slot = memory.allocate(sizes::of(key));
        *static_cast<unsigned char*>(slot) = 1;
    }
    benchmark::ClobberMemory();
    if constexpr (resettable_policy<P>) {
        memory.reset();
    } else {
        for (std::uint32_t key = requests; key < requests + 256; ++key) {
            memory.deallocate(window[key % 256], sizes::of(key - 256));
        }
    }
}

/// The time of one request; and how much such a phase takes, counted by `Metered`, which is `P` on
/// a meter.
template <class P, class Metered>
void phase(benchmark::State& state) {
    metered::peak = 0;
    {
        Metered once;
        live_through(once);
    }
    P memory;
    while (state.KeepRunningBatch(65'536)) { live_through(memory); }
    state.counters["peak_KiB"] = static_cast<double>(metered::peak) / 1024;
}

/// What a short function needs: a list of 12 and a vector of 48.
template <class List, class Vector>
void work(List list, Vector vector) {
    for (int i = 0; i < 12; ++i) { list.push_back(i); }
    for (int i = 0; i < 48; ++i) { vector.push_back(i); }
    benchmark::DoNotOptimize(vector.data());
    benchmark::DoNotOptimize(list.front());
    benchmark::ClobberMemory();
}

void call_of_std(benchmark::State& state) {
    for (auto _ : state) { work(std::list<int>{}, std::vector<int>{}); }
}

template <class P>
void call(benchmark::State& state) {
    using handle = allocator<int, ref<P>>;
    for (auto _ : state) {
        P memory;
        work(std::list<int, handle>{memory}, std::vector<int, handle>{memory});
    }
}

/// A random one of 1024 live blocks is replaced, each call on the clock, whose own cost is in all
/// figures alike. What the system does meanwhile is in the worst.
template <class P>
void latency(benchmark::State& state) {
    using clock = std::chrono::steady_clock;
    using sizes = bench::mixed<16, 4'096>;
    const auto memory = std::make_unique<P>();
    std::vector<void*> live(1'024);
    std::vector<std::uint32_t> keys(1'024);
    std::vector<std::int64_t> took;
    took.reserve(1U << 22U);
    for (std::uint32_t key = 0; key < 1'024; ++key) {
        keys[key] = key;
        live[key] = memory->allocate(sizes::of(key));
    }
    std::uint64_t random = 88172645463325252U;
    std::uint32_t next = 1'024;
    for (auto _ : state) {
        random ^= random << 13U;
        random ^= random >> 7U;
        random ^= random << 17U;
        const std::size_t slot = random % 1'024;
        const auto before = clock::now();
        memory->deallocate(live[slot], sizes::of(keys[slot]));
        const auto between = clock::now();
        live[slot] = memory->allocate(sizes::of(next));
        const auto after = clock::now();
        keys[slot] = next++;
        if (took.size() + 2 <= took.capacity()) {
            took.push_back((between - before).count());
            took.push_back((after - between).count());
        }
    }
    for (std::size_t slot = 0; slot < 1'024; ++slot) {
        memory->deallocate(live[slot], sizes::of(keys[slot]));
    }
    std::sort(took.begin(), took.end());
    const auto at = [&](double share) {
        const auto last = static_cast<double>(took.size() - 1);
        return static_cast<double>(took[static_cast<std::size_t>(share * last)]);
    };
    state.counters["p50_ns"] = at(0.5);
    state.counters["p99.99_ns"] = at(0.9999);
    state.counters["worst_ns"] = at(1);
}

template <class Function>
void add(const std::string& name, Function function) {
    benchmark::RegisterBenchmark(name.c_str(), function);
}

constexpr range_options fine{.bytes = std::size_t{1} << 34U, .unit = 16, .largest = 1U << 25U};
constexpr range_options fixed{.bytes = std::size_t{1} << 24U, .align = 64};

} // namespace

void alloy::bench::benchmarks() {
    churn<new_source, objects_and_buffers>("objects and buffers/new_source");
    churn<pool16<>, objects_and_buffers>("objects and buffers/pool16");
    churn<buddy<>, objects_and_buffers>("objects and buffers/buddy");
    churn<buddy_pool<>, objects_and_buffers>("objects and buffers/buddy_pool");

    add("phase/new_source", phase<new_source, metered>);
    add("phase/pool16", phase<pool16<>, pool16<metered>>);
    add("phase/bump", phase<bump<>, bump<bump_options{}, metered>>);
    add("phase/arena_pool", phase<arena_pool<>, arena_pool<bump_options{}, metered>>);
    add("phase/reap", phase<reap<>, reap<bump_options{}, metered>>);

    using node = one<layout{48, 8}>;
    add("nodes/new_source", fill_and_drain<new_source, node>);
    add("nodes/pool16", fill_and_drain<pool16<>, node>);
    add("nodes/bump", fill_and_drain<bump<>, node>);
    add("nodes/reap", fill_and_drain<reap<>, node>);
    add("nodes/arena_pool", fill_and_drain<arena_pool<>, node>);

    add("call/std::allocator", call_of_std);
    add("call/new_source", call<new_source>);
    add("call/bump", call<bump<>>);
    add("call/stack_first", call<stack_first<2'048>>);

    churn<new_source, few_hot_sizes>("hot sizes/new_source");
    churn<pool16<>, few_hot_sizes>("hot sizes/pool16");
    churn<buddy<fine>, few_hot_sizes>("hot sizes/buddy");
    churn<quick_fit<>, few_hot_sizes>("hot sizes/quick_fit");

    add("latency/new_source", latency<new_source>);
    add("latency/pool16", latency<pool16<>>);
    add("latency/quick_fit", latency<quick_fit<>>);
    add("latency/buddy_pool", latency<buddy_pool<>>);
    add("latency/real_time", latency<real_time<fixed, reserved_pages>>);
}
