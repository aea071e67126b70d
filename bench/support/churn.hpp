// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Three loads that any policy can be put under, and the requests they are made of.
///
/// A benchmark defines alloy::bench::benchmarks() and calls churn() in it, once for the policy and
/// once for each control. The runs of all are interleaved (support/main.cpp), so that a machine
/// that slows down slows all of them.

#include <alloy/core/ability.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace alloy::bench {

/// Registers what this program measures.
void benchmarks();

/// The same request always: a constant to the compiler, as it is for a typed allocator.
template <layout Node>
struct one {
    static constexpr layout of(std::uint32_t /*key*/) noexcept { return Node; }
};

/// Sizes from `Least` to `Most` bytes, evenly spread; a key's request is the same each time.
template <std::size_t Least, std::size_t Most>
struct mixed {
    static constexpr layout of(std::uint32_t key) noexcept {
        const std::size_t spread = (key * 2654435769U) >> 16U;
        return {Least + spread % (Most - Least + 1), 8};
    }
};

/// Blocks under their keys, in a policy of its own.
template <policy P, class Requests>
class herd {
public:
    explicit herd(std::size_t live) : blocks_(live) {}

    void allocate(std::size_t slot) noexcept {
        const std::uint32_t key = next_++;
        void* const at = policy_.allocate(Requests::of(key));
        *static_cast<unsigned char*>(at) = 1; // who allocates writes; half of the cost may be here
        blocks_[slot] = {at, key};
    }

    void release(std::size_t slot) noexcept {
        policy_.deallocate(blocks_[slot].at, Requests::of(blocks_[slot].key));
    }

    void fill() noexcept {
        for (std::size_t slot = 0; slot < blocks_.size(); ++slot) { allocate(slot); }
    }

    /// Ends them all: at once where the policy can.
    void drain() noexcept {
        if constexpr (resettable_policy<P>) { return policy_.reset(); }
        for (std::size_t slot = 0; slot < blocks_.size(); ++slot) { release(slot); }
    }

private:
    struct block {
        void* at;
        std::uint32_t key;
    };

    P policy_;
    std::vector<block> blocks_;
    std::uint32_t next_ = 0;
};

/// One block comes and goes over 1000 that stay.
template <policy P, class Requests>
void pair(benchmark::State& state) {
    herd<P, Requests> blocks{1001};
    blocks.fill();
    blocks.release(1000);
    for (auto _ : state) {
        blocks.allocate(1000);
        benchmark::ClobberMemory();
        blocks.release(1000);
    }
    blocks.allocate(1000);
    blocks.drain();
}

/// A random one of 32 Ki live blocks is replaced. Not for an arena, which would grow without end.
template <policy P, class Requests>
void replace(benchmark::State& state) {
    constexpr std::size_t live = 32768;
    herd<P, Requests> blocks{live};
    blocks.fill();
    std::uint64_t random = 88172645463325252U;
    for (auto _ : state) {
        random ^= random << 13U;
        random ^= random >> 7U;
        random ^= random << 17U;
        const std::size_t slot = random % live;
        blocks.release(slot);
        blocks.allocate(slot);
        benchmark::ClobberMemory();
    }
    blocks.drain();
}

/// 32 Ki blocks come, then go, oldest first; the time is that of one block.
template <policy P, class Requests>
void fill_and_drain(benchmark::State& state) {
    constexpr std::size_t live = 32768;
    herd<P, Requests> blocks{live};
    while (state.KeepRunningBatch(live)) {
        blocks.fill();
        benchmark::ClobberMemory();
        blocks.drain();
    }
}

/// Registers the three loads for a default-constructed `P`.
template <policy P, class Requests>
void churn(const std::string& name) {
    benchmark::RegisterBenchmark(("pair/" + name).c_str(), pair<P, Requests>);
    if constexpr (!resettable_policy<P>) {
        benchmark::RegisterBenchmark(("replace/" + name).c_str(), replace<P, Requests>);
    }
    benchmark::RegisterBenchmark(("fill_and_drain/" + name).c_str(), fill_and_drain<P, Requests>);
}

} // namespace alloy::bench
