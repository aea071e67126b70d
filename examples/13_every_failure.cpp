// SPDX-License-Identifier: BSL-1.0
// What becomes of a pool when memory is out, at each of its requests in turn?
// EXPECT: alloy's pool keeps every law
// EXPECT: alloy's pool survives at all of its requests
#include <alloy/adapt/pool_resource.hpp>
#include <alloy/adapt/resource.hpp>
#include <alloy/check/each_failure.hpp>

#include <cstddef>
#include <cstdio>
#include <memory_resource>
#include <new>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

template <class Pool>
void use(auto& memory) {
    alloy::resource upstream{alloy::ref{memory}};
    Pool pool(&upstream);
    for (int round = 0; round < 2; ++round) { // the second finds what a refusal left behind
        try {
            std::pmr::vector<std::pmr::string> names(&pool);
            for (std::size_t i = 1; i <= 64; ++i) { names.emplace_back(20 * i, 'n'); }
        } catch (const std::bad_alloc&) { continue; }
    }
}

/// Runs use() with each request refused, in a process of its own since it may crash.
template <class Pool>
bool survives(const char* whose) {
    std::size_t survived = 0;
    for (std::size_t n = 1;; ++n) {
        if (::fork() == 0) {
            static_cast<void>(std::freopen("/dev/null", "w", stderr));
            alloy::failing<alloy::new_source> memory;
            memory.fail(alloy::failure_plan::only(n));
            use<Pool>(memory);
            _exit(memory.failures() == 0 ? 0 : 2); // 1 is a sanitizer's
        }
        int status = 0;
        ::wait(&status);
        if (status == 0) { // there is no request n
            std::printf("%s pool survives at %zu of %zu\n", whose, survived, n - 1);
            return survived == n - 1;
        }
        survived += WIFEXITED(status) && WEXITSTATUS(status) == 2 ? 1 : 0;
    }
}

int main() {
    using alloy_pool = alloy::pmr::unsynchronized_pool_resource;
    const auto found = alloy::for_each_failure([](auto& memory) { use<alloy_pool>(memory); });
    std::puts(found.ok() ? "alloy's pool keeps every law" : found.text().c_str());
    std::puts(survives<alloy_pool>("alloy's") ? "alloy's pool survives at all of its requests"
                                              : "alloy's pool crashes");
    survives<std::pmr::unsynchronized_pool_resource>("std's");
}
