// SPDX-License-Identifier: BSL-1.0
// main() of every benchmark: Google Benchmark's, with defaults under which a comparison is fair.
#include "churn.hpp"

#include <string>
#include <vector>

int main(int argc, char** argv) {
    // What the caller gives comes later and wins.
    std::vector<std::string> defaults{"--benchmark_enable_random_interleaving=true",
                                      "--benchmark_repetitions=9", "--benchmark_min_time=0.1",
                                      "--benchmark_report_aggregates_only=true"};
    std::vector<char*> arguments(argv, argv + 1);
    for (std::string& each : defaults) { arguments.push_back(each.data()); }
    arguments.insert(arguments.end(), argv + 1, argv + argc);

    int count = static_cast<int>(arguments.size());
    arguments.push_back(nullptr);
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) { return 1; }
    alloy::bench::benchmarks();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
