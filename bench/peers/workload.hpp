// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What is measured, by name: tables, workloads and cells; workloads.def lists them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alloy::bench {

/// How many threads something is for.
enum class breadth : std::uint8_t { one, any };

/// What blocks a workload asks for, and what a contender is made for.
enum class blocks : std::uint8_t {
    one,     ///< Objects of one type.
    any,     ///< Arrays, too.
    dropped, ///< The same, and all may go at one blow.
};

enum class unit : std::uint8_t { ns, ratio };

/// How the page draws a table: bars for each column, and lines from column to column.
enum class chart : std::uint8_t { bars, lines };

/// Workloads that are shown beside each other.
struct table {
    std::string_view id;
    bench::unit unit;
    bench::chart drawn;
    std::string_view title;
};

struct workload {
    std::string_view id;
    std::string_view table;
    std::vector<unsigned> threads;
    blocks asked;
    std::string_view heading; ///< Tells the workloads of a table apart.
};

/// A column of a table.
struct cell {
    const workload* what;
    unsigned threads;
};

/// All of workloads.def, in its order.
[[nodiscard]] std::span<const table> tables();
[[nodiscard]] std::span<const workload> workloads();

/// "1 thread", "2 threads".
[[nodiscard]] std::string count_of_threads(unsigned threads);

/// "queue_local, 2 threads".
[[nodiscard]] std::string name_of(const cell& of);

} // namespace alloy::bench
