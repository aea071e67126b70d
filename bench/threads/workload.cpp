// SPDX-License-Identifier: BSL-1.0

#include "workload.hpp"

#include <fmt/core.h>

#include <array>

namespace alloy::bench {

std::span<const table> tables() {
#define ALLOY_THREADS_TABLE(id, figures, title) table{#id, unit::figures, title},
#define ALLOY_THREADS_WORKLOAD(...)
    static constexpr auto all = std::to_array<table>({
#include "workloads.def"
    });
#undef ALLOY_THREADS_WORKLOAD
#undef ALLOY_THREADS_TABLE
    return all;
}

std::span<const workload> workloads() {
#define ALLOY_THREADS_TABLE(...)
#define ALLOY_THREADS_LIST(...) {__VA_ARGS__}
#define ALLOY_THREADS_WORKLOAD(id, table, threads, sizes, heading)                                 \
    {#id, #table, ALLOY_THREADS_LIST threads, breadth::sizes, heading},
    static const std::vector<workload> all{
#include "workloads.def"
    };
#undef ALLOY_THREADS_WORKLOAD
#undef ALLOY_THREADS_LIST
#undef ALLOY_THREADS_TABLE
    return all;
}

std::string count_of_threads(unsigned threads) {
    return fmt::format("{} thread{}", threads, threads == 1 ? "" : "s");
}

std::string name_of(const cell& of) {
    return fmt::format("{}, {}", of.what->id, count_of_threads(of.threads));
}

} // namespace alloy::bench
