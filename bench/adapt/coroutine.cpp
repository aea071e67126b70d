// SPDX-License-Identifier: BSL-1.0
// A generator is made, resumed four times and ended, over 1000 others that stay.
#include "support/churn.hpp"

#include <alloy/adapt/coroutine.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include <coroutine>
#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace alloy;

/// Frames from the global operator new, as without alloy.
struct from_new {};

template <class Frames>
class numbers {
public:
    struct promise_type : Frames {
        numbers get_return_object() noexcept {
            return numbers{std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
        [[nodiscard]] static std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int next) noexcept {
            value = next;
            return {};
        }
        void return_void() noexcept {}
        void unhandled_exception() noexcept {}

        int value = 0;
    };

    explicit numbers(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
    numbers(numbers&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    numbers(const numbers&) = delete;
    numbers& operator=(const numbers&) = delete;
    ~numbers() {
        if (frame_) { frame_.destroy(); }
    }

    int next() {
        frame_.resume();
        return frame_.promise().value;
    }

private:
    std::coroutine_handle<promise_type> frame_;
};

// Not inlined, since a compiler may elide the frame of a coroutine that it sees begin and end.
template <class Frames>
[[gnu::noinline]] numbers<Frames> count_from(int n) {
    for (;;) { co_yield n++; }
}

template <class Frames, class Place>
[[gnu::noinline]] numbers<Frames> count_in(std::allocator_arg_t /*tag*/, Place& /*place*/, int n) {
    for (;;) { co_yield n++; }
}

template <class Make>
void come_and_go(benchmark::State& state, Make make) {
    std::vector<decltype(make(0))> stay;
    for (int i = 0; i < 1000; ++i) { stay.push_back(make(i)); }
    for (auto _ : state) {
        auto each = make(1);
        for (int i = 0; i < 4; ++i) { benchmark::DoNotOptimize(each.next()); }
    }
}

template <class Frames>
void anywhere(benchmark::State& state) {
    come_and_go(state, [](int n) { return count_from<Frames>(n); });
}

/// The newest frame of an arena comes back to it, so that it does not grow.
template <class Place>
void in_place(benchmark::State& state) {
    Place place;
    come_and_go(state, [&](int n) {
        return count_in<frame_from<ref<Place>>>(std::allocator_arg, place, n);
    });
}

} // namespace

void alloy::bench::benchmarks() {
    benchmark::RegisterBenchmark("coroutine/operator new", anywhere<from_new>);
    benchmark::RegisterBenchmark("coroutine/new_source", anywhere<frame_from<new_source>>);
    benchmark::RegisterBenchmark("coroutine/local pool16",
                                 anywhere<frame_from<single_threaded<pool16<>>>>);
    benchmark::RegisterBenchmark("coroutine/locked pool16", anywhere<frame_from<locked<pool16<>>>>);
    benchmark::RegisterBenchmark("coroutine/pool16 in place", in_place<pool16<>>);
    benchmark::RegisterBenchmark("coroutine/arena", in_place<bump<>>);
}
