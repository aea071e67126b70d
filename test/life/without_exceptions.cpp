// SPDX-License-Identifier: BSL-1.0
// Compiled without exceptions and RTTI: what can be served is, and what cannot ends the program.
// EXPECT: containers, owners and resources work
// EXPECT: exhaustion terminates
// EXPECT: an impossible length terminates
#include <alloy/alloy.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this file is about builds without them"
#endif

using namespace alloy;

namespace {

void require(bool good, const char* what) {
    if (good) { return; }
    std::fprintf(stderr, "without exceptions: %s\n", what);
    std::exit(EXIT_FAILURE);
}

void containers() {
    std::map<int, std::string, std::less<>, pool_allocator<std::pair<const int, std::string>>> map;
    for (int i = 0; i < 100; ++i) { map.emplace(i, std::to_string(i)); }
    require(map.size() == 100 && map[99] == "99", "a map of the pool");
    bump<> arena;
    alloy::vector<int, ref<bump<>>> numbers{arena};
    for (int i = 0; i < 1000; ++i) { numbers.push_back(i); }
    require(numbers.back() == 999, "a vector in an arena");
}

void owners() {
    const auto one = make_unique<long, new_source>(7);
    const auto shared = std::allocate_shared<long>(pool_allocator<long>{}, 8);
    require(*one == 7 && *shared == 8, "owners");
}

void resources() {
    resource<pool16<>> pool;
    const std::pmr::vector<int> numbers(100, 3, &pool);
    const std::pmr::list<int> others(numbers.begin(), numbers.end(),
                                     resource_of<global<locked<pool16<>>>>());
    require(others.back() == 3, "a list over a resource");
    resource<null_source> none;
    require(!pool.is_equal(none) && pool.is_equal(pool), "equality without RTTI");
}

/// True if `call` ends in std::terminate.
bool terminates(void (*call)()) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::set_terminate([] { ::_exit(7); });
        call();
        ::_exit(0);
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

} // namespace

int main() {
    containers();
    owners();
    resources();
    std::puts("containers, owners and resources work");
    require(terminates([] { static_cast<void>(allocator<int, null_source>{}.allocate(1)); }),
            "exhaustion");
    std::puts("exhaustion terminates");
    require(terminates([] { static_cast<void>(pool_allocator<int>{}.allocate(unlimited)); }),
            "an impossible length");
    std::puts("an impossible length terminates");
}
