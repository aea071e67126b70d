// SPDX-License-Identifier: BSL-1.0
#include "support/churn.hpp"

#include <alloy/adapt/monotonic_resource.hpp>
#include <alloy/adapt/pool_resource.hpp>

#include <concepts>
#include <list>
#include <memory_resource>
#include <string>

namespace {

using namespace alloy;

/// A resource behind a pointer whose target the compiler does not know, as containers have it.
template <class Resource>
class behind_pointer {
public:
    static constexpr std::size_t max_align = any_align;

    [[nodiscard]] void* allocate(layout want) noexcept {
        return target_->allocate(want.size, want.align);
    }
    void deallocate(void* at, layout given) noexcept {
        target_->deallocate(at, given.size, given.align);
    }
    void reset() noexcept
        requires std::same_as<Resource, std::pmr::monotonic_buffer_resource> ||
                 std::same_as<Resource, pmr::monotonic_buffer_resource>
    {
        resource_.release();
    }
    [[nodiscard]] std::pmr::memory_resource* target() const noexcept { return target_; }

private:
    Resource resource_;
    std::pmr::memory_resource* volatile target_ = &resource_;
};

/// A list of 1000 loses its first element and gets a new last one.
template <class Resource>
void list(benchmark::State& state) {
    behind_pointer<Resource> memory;
    std::pmr::list<int> numbers(1000, memory.target());
    for (auto _ : state) {
        numbers.pop_front();
        numbers.push_back(1);
        benchmark::ClobberMemory();
    }
}

template <class Resource>
void pool(const std::string& name) {
    bench::churn<behind_pointer<Resource>, bench::one<layout{48, 8}>>(name + ", 48 bytes");
    bench::churn<behind_pointer<Resource>, bench::mixed<1, 512>>(name + ", 1 to 512");
    benchmark::RegisterBenchmark(("list/" + name).c_str(), list<Resource>);
}

template <class Resource>
void arena(const std::string& name) {
    using memory = behind_pointer<Resource>;
    benchmark::RegisterBenchmark(("fill_and_drain/" + name).c_str(),
                                 bench::fill_and_drain<memory, bench::one<layout{48, 8}>>);
}

} // namespace

void alloy::bench::benchmarks() {
    pool<std::pmr::unsynchronized_pool_resource>("std unsynchronized");
    pool<pmr::unsynchronized_pool_resource>("unsynchronized");
    pool<std::pmr::synchronized_pool_resource>("std synchronized");
    pool<pmr::synchronized_pool_resource>("synchronized");
    arena<std::pmr::monotonic_buffer_resource>("std monotonic");
    arena<pmr::monotonic_buffer_resource>("monotonic");
}
