// SPDX-License-Identifier: BSL-1.0
// Policies are whole before the first static constructor and after the last destructor, in both
// translation units whichever is linked first, in atexit, and at the end of threads.
// EXPECT: 2 statics, 4 threads: all allocated and released
#include "support/statics.hpp"

#include <thread>
#include <utility>
#include <vector>

using namespace alloy;
using test::require;
using test::use_pools;

namespace {

const test::eventful first(test::from_first, test::from_second);

int threads_ended = 0;

/// Ends after every static object: the handler that was registered first runs last.
void last_of_all() {
    use_pools();
    require(test::began == 2 && test::ended == 2, "a static object did not begin or end");
    std::printf("%d statics, %d threads: all allocated and released\n", test::ended, threads_ended);
    require(std::fflush(stdout) == 0, "stdout is closed");
}

[[gnu::constructor(101)]] void first_of_all() {
    use_pools();
    require(test::began == 0, "a static object began too early");
    require(std::atexit(last_of_all) == 0, "no room for a handler");
}

/// Allocates when its thread is about to be gone.
struct goodbye {
    goodbye() { use_pools(); }
    goodbye(const goodbye&) = delete;
    goodbye& operator=(const goodbye&) = delete;
    ~goodbye() { use_pools(); }
};
thread_local goodbye at_the_end;

using block = std::pair<long*, std::size_t>;

std::vector<block> leave_live_blocks() {
    std::vector<block> live;
    std::thread([&] {
        static_cast<void>(&at_the_end);
        for (std::size_t n = 1; n < 40; ++n) {
            live.emplace_back(pool_allocator<long>{}.allocate(n), n);
        }
    }).join();
    ++threads_ended;
    return live;
}

void only_free(const std::vector<block>& live) {
    std::thread([&] {
        for (const auto& [at, n] : live) { pool_allocator<long>{}.deallocate(at, n); }
    }).join();
    ++threads_ended;
}

} // namespace

int main() {
    static_cast<void>(&at_the_end);
    require(std::atexit(use_pools) == 0, "no room for a handler");
    only_free(leave_live_blocks());
    only_free(leave_live_blocks());
}
