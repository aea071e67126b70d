// SPDX-License-Identifier: BSL-1.0
// Detached threads are inside of the pool when main returns, while static objects end, and until
// the process is gone.
// EXPECT: main has returned, 8 threads are at work
#include "support/statics.hpp"

#include <atomic>
#include <thread>

using namespace alloy;
using test::require;
using test::use_pools;

namespace {

constinit std::atomic<int> at_work{0};

/// Ends after main, in the midst of the others.
struct last_object {
    last_object() = default;
    last_object(const last_object&) = delete;
    last_object& operator=(const last_object&) = delete;
    ~last_object() {
        for (int i = 0; i < 100; ++i) {
            use_pools();
            std::this_thread::yield();
        }
        std::printf("main has returned, %d threads are at work\n", at_work.load());
        require(std::fflush(stdout) == 0, "stdout is closed");
    }
};
const last_object at_exit;

} // namespace

int main() {
    for (int i = 0; i < 8; ++i) {
        std::thread([] {
            use_pools();
            ++at_work;
            for (;;) { use_pools(); }
        }).detach();
    }
    while (at_work != 8) { std::this_thread::yield(); }
}
