// SPDX-License-Identifier: BSL-1.0
// Allocates before main and after it: in constructors, in atexit and in destructors of statics and
// of thread_local objects, and frees in each what another had. Runs with the library preloaded.
// EXPECT: constructed
// EXPECT: thread ended
// EXPECT: main ended
// EXPECT: atexit
// EXPECT: destroyed
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <malloc.h>
#include <pthread.h>

namespace {

std::string* handed_on = nullptr; // NOLINT: from each stage to the next

/// Frees what the stage before left and leaves something else.
void pass(const char* stage) {
    delete handed_on;
    handed_on = new std::string(1'000, *stage);
    std::puts(stage);
}

struct stage {
    stage() { pass("constructed"); }
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;
    ~stage() {
        pass("destroyed");
        delete handed_on;
    }
} of_the_program;

struct of_a_thread {
    std::unique_ptr<std::vector<int>> values = std::make_unique<std::vector<int>>(100'000);
    of_a_thread() = default;
    of_a_thread(const of_a_thread&) = delete;
    of_a_thread& operator=(const of_a_thread&) = delete;
    ~of_a_thread() {
        values->resize(1'000'000);
        pass("thread ended");
    }
};

thread_local of_a_thread local; // NOLINT

void end_of_key(void* at) {
    std::free(at);
    std::free(std::malloc(100)); // after every thread_local object has ended
}

} // namespace

int main() {
    void* (*const volatile take)(std::size_t) = std::malloc;
    if (::malloc_usable_size(take(13)) != 13) { return 2; } // another malloc
    std::atexit([] { pass("atexit"); });
    std::thread([] {
        pthread_key_t key{};
        if (::pthread_key_create(&key, end_of_key) != 0) { std::abort(); }
        ::pthread_setspecific(key, std::malloc(100));
        local.values->at(0) = 1;
    }).join();
    pass("main ended");
}
