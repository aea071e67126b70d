// SPDX-License-Identifier: BSL-1.0
#include "support/churn.hpp"

#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/lock_free_buddy.hpp>

#include <string>

namespace {

/// One `P` for all threads, each with blocks of its own in it.
template <class P>
void shared_churn(const std::string& name) {
    using namespace alloy::bench;
    using place = alloy::global<P>;
    using sizes = mixed<64, 4096>;
    for (const int threads : {1, 2, 4}) {
        benchmark::RegisterBenchmark(("pair/" + name).c_str(), pair<place, sizes>)
            ->Threads(threads)
            ->UseRealTime();
        benchmark::RegisterBenchmark(("replace/" + name).c_str(), replace<place, sizes>)
            ->Threads(threads)
            ->UseRealTime();
    }
}

} // namespace

void alloy::bench::benchmarks() {
    shared_churn<locked<buddy<>>>("locked<buddy>, 64 to 4096");
    shared_churn<lock_free_buddy<>>("lock_free_buddy, 64 to 4096");
}
