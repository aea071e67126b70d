// SPDX-License-Identifier: BSL-1.0
// A vector grows from nothing, push by push: std::vector over std::allocator and over alloy's, and
// alloy::vector over the same policies. The time is that of one push; `held` is what the arena took
// from the system, in bytes an element.
#include "support/churn.hpp"

#include <alloy/adapt/vector.hpp>
#include <alloy/preset.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace alloy;
using pool = global<locked<pool16<>>>;

/// A text on the heap and its length: like a string without a buffer of its own, it goes by bytes.
class text {
public:
    using trivially_relocatable = std::true_type;

    explicit text(std::size_t n) : chars_(n % 4 == 3 ? new char[32] : nullptr), size_(n) {}
    text(text&& other) noexcept
        : chars_(std::exchange(other.chars_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    text(const text&) = delete;
    text& operator=(const text&) = delete;
    text& operator=(text&&) = delete;
    ~text() { delete[] chars_; }

private:
    char* chars_;
    std::size_t size_;
    std::size_t capacity_ = 32;
};

template <class T>
void push(auto& v, std::size_t i) {
    if constexpr (std::is_same_v<T, std::unique_ptr<int>>) {
        v.emplace_back(nullptr); // to own nothing keeps operator new out of the measurement
    } else {
        v.emplace_back(static_cast<T>(i));
    }
}

template <class T, class Make>
void grow(benchmark::State& state, Make make) {
    const auto n = static_cast<std::size_t>(state.range(0));
    while (state.KeepRunningBatch(state.range(0))) {
        auto v = make();
        for (std::size_t i = 0; i < n; ++i) { push<T>(v, i); }
        benchmark::DoNotOptimize(v.data());
        benchmark::ClobberMemory();
    }
}

/// In an arena that starts empty and ends with the vector.
template <class T, class Vector>
void grow_in_arena(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    bump<> arena;
    while (state.KeepRunningBatch(state.range(0))) {
        {
            Vector v{arena};
            for (std::size_t i = 0; i < n; ++i) { push<T>(v, i); }
            benchmark::DoNotOptimize(v.data());
            benchmark::ClobberMemory();
        }
        arena.reset();
    }
    state.counters["held"] = static_cast<double>(arena.held()) / static_cast<double>(n);
}

template <class T>
void compare(const std::string& of) {
    const auto add = [&](const std::string& name, auto run) {
        benchmark::RegisterBenchmark((of + "/" + name).c_str(), run)->Arg(1'000)->Arg(100'000);
    };
    add("std on std::allocator",
        [](auto& state) { grow<T>(state, [] { return std::vector<T>(); }); });
    add("std on pool_allocator",
        [](auto& state) { grow<T>(state, [] { return std::vector<T, pool_allocator<T>>(); }); });
    add("std on arena_allocator", grow_in_arena<T, std::vector<T, arena_allocator<T>>>);
    add("alloy on new_source", [](auto& state) { grow<T>(state, [] { return vector<T>(); }); });
    add("alloy on pool", [](auto& state) { grow<T>(state, [] { return vector<T, pool>(); }); });
    add("alloy on arena", grow_in_arena<T, vector<T, ref<bump<>>>>);
}

} // namespace

void alloy::bench::benchmarks() {
    compare<int>("int");
    compare<std::unique_ptr<int>>("unique_ptr");
    compare<text>("text");
}
