// SPDX-License-Identifier: BSL-1.0
// Forks again and again while four threads allocate; every child allocates, threads and all, and
// ends. Runs with the library preloaded; a handler of its own allocates too while it forks.
// EXPECT: 200 children ended well
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include <malloc.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void* (*const volatile take)(std::size_t) = std::malloc;

void use(std::size_t size) {
    void* const at = take(size);
    if (at == nullptr) { std::abort(); }
    std::memset(at, 1, size);
    std::free(at);
}

void use_all() {
    for (std::size_t size = 1; size < 4'000'000; size *= 5) { use(size); }
}

void handle() { use(100); }

void handle_in_child() {
    ::alarm(20); // an end to a child that waits for a lock which nobody holds any more
    handle();
}

} // namespace

int main() {
    if (::pthread_atfork(handle, handle, handle_in_child) != 0) { return 1; }
    if (::malloc_usable_size(take(13)) != 13) { return 2; } // another malloc
    std::atomic<bool> enough{false};
    std::array<std::thread, 4> threads;
    for (std::thread& each : threads) {
        each = std::thread([&] {
            while (!enough) { use_all(); }
        });
    }
    int well = 0;
    for (int i = 0; i < 200; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            use_all();
            std::thread(use_all).join();
            ::_exit(0);
        }
        int status = -1;
        if (::waitpid(child, &status, 0) == child && status == 0) { ++well; }
    }
    enough = true;
    for (std::thread& each : threads) { each.join(); }
    std::printf("%d children ended well\n", well);
}
