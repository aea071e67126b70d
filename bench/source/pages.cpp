// SPDX-License-Identifier: BSL-1.0
// What a mapping costs, and a guard page on either side of it: system calls, one page fault.
#include "support/churn.hpp"

#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

using namespace alloy;

namespace {

using chunk = bench::one<layout{65536, 64}>;

/// One chunk comes, is written to, and goes; 1000 stay, as the system limits mappings.
template <policy P>
void chunks(const char* name) {
    benchmark::RegisterBenchmark(name, bench::pair<P, chunk>);
}

} // namespace

void bench::benchmarks() {
    chunks<new_source>("pair/new_source");
    chunks<pages<>>("pair/pages");
    chunks<pages<pages_options{.guard = true}>>("pair/pages guarded");
    chunks<pages<pages_options{.guard = true, .tight = true}>>("pair/pages guarded, tight");
}
