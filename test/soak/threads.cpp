// SPDX-License-Identifier: BSL-1.0
// 300 forks while other threads allocate, each child allocating and releasing at once; then 2,000
// threads, one after the other, whose thread_local destructors allocate and release; times
// ALLOY_SOAK. No child fails, and the threads leave the process no more than 1 % larger.
// EXPECT: every child could allocate at once
// EXPECT: no thread left anything behind
#include "soak.hpp"
#include "support/come_and_go.hpp"

#include <alloy/gauge/observe.hpp>
#include <alloy/preset.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <list>
#include <thread>
#include <vector>

using namespace alloy;

namespace {

using node = std::array<std::size_t, 3>;

void churn_all(std::size_t n) {
    test::come_and_go(pool_allocator<node>{}, n);
    test::come_and_go(bitmap_allocator<node>{}, n);
    test::come_and_go(buddy_allocator<node>{}, n);
}

/// Children that failed, or did not end in time, of `forks`.
std::uint64_t failed_children(std::uint64_t forks) {
    std::atomic<bool> over{false};
    std::vector<std::thread> busy;
    for (int i = 0; i < 3; ++i) {
        busy.emplace_back([&] {
            while (!over.load(std::memory_order_relaxed)) {
                churn_all(50);
                std::this_thread::yield();
            }
        });
    }
    std::uint64_t failed = 0;
    for (std::uint64_t i = 0; i < forks; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(30);
            churn_all(100);
            ::_exit(0);
        }
        int status = 0;
        if (::waitpid(child, &status, 0) != child || status != 0) { ++failed; }
        test::progress("forks", i);
    }
    over = true;
    for (std::thread& each : busy) { each.join(); }
    return failed;
}

/// Ends with its thread, and uses the allocators once more then.
struct late {
    std::list<std::size_t, pool_allocator<std::size_t>> kept;

    ~late() {
        kept.push_back(1);
        churn_all(20);
    }
};

void run_threads(std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
        std::thread([] {
            thread_local late last;
            last.kept.push_back(0);
            churn_all(20);
        }).join();
        test::progress("threads", i);
    }
}

/// Bytes that the pool has taken from the system.
std::size_t held() {
    auto pool = pool_allocator<std::size_t>{}.handle();
    return observe(pool).bytes.taken;
}

} // namespace

int main() {
    const std::uint64_t forks = 300 * test::soak();
    const std::uint64_t failed = failed_children(forks);
    std::printf("%llu forks, %llu failed\n", static_cast<unsigned long long>(forks),
                static_cast<unsigned long long>(failed));
    if (failed != 0) { return 1; }
    std::puts("every child could allocate at once");

    run_threads(100);
    const std::size_t before = held();
    const std::uint64_t threads = 2000 * test::soak();
    run_threads(threads);
    const std::size_t after = held();
    std::printf("%llu threads: %zu bytes before, %zu after\n",
                static_cast<unsigned long long>(threads), before, after);
    if (after > before + before / 100) { return 1; }
    std::puts("no thread left anything behind");
}
