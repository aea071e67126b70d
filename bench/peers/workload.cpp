// SPDX-License-Identifier: BSL-1.0

#include "workload.hpp"

#include <fmt/core.h>

#include <array>

namespace alloy::bench {

std::span<const table> tables() {
#define ALLOY_PEERS_TABLE(id, figures, drawn, title) table{#id, unit::figures, chart::drawn, title},
#define ALLOY_PEERS_WORKLOAD(...)
    static constexpr auto all = std::to_array<table>({
#include "workloads.def"
    });
#undef ALLOY_PEERS_WORKLOAD
#undef ALLOY_PEERS_TABLE
    return all;
}

std::span<const workload> workloads() {
#define ALLOY_PEERS_TABLE(...)
#define ALLOY_PEERS_LIST(...) {__VA_ARGS__}
#define ALLOY_PEERS_WORKLOAD(id, table, threads, asked, heading)                                   \
    {#id, #table, ALLOY_PEERS_LIST threads, blocks::asked, heading},
    static const std::vector<workload> all{
#include "workloads.def"
    };
#undef ALLOY_PEERS_WORKLOAD
#undef ALLOY_PEERS_LIST
#undef ALLOY_PEERS_TABLE
    return all;
}

std::string count_of_threads(unsigned threads) {
    return fmt::format("{} thread{}", threads, threads == 1 ? "" : "s");
}

std::string name_of(const cell& of) {
    return fmt::format("{}, {}", of.what->id, count_of_threads(of.threads));
}

} // namespace alloy::bench
