// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model::plain_memory`: variables that threads may use only one after
/// another.
///
///     cell   value   written by A at step 3   read by B at step 5, by C at step 1
///
/// An access is ordered if its thread has synchronized with the steps named there, which its view
/// tells. Whether two accesses race does not depend on which of them runs first.

#include "site.hpp"
#include "view_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace alloy::test::model {

/// The variables of one execution.
class plain_memory {
public:
    /// What an access answers that races with none.
    static constexpr std::size_t in_order = most_threads;

    std::size_t add(bits first, source_line made, std::size_t thread, const view& known) {
        cells_.push_back({made, first, thread, known.thread[thread], {}});
        return cells_.size() - 1;
    }
    void clear() { cells_.clear(); }

    [[nodiscard]] bits value(std::size_t index) const { return cells_[index].value; }
    [[nodiscard]] source_line made(std::size_t index) const { return cells_[index].made; }

    /// @return Which thread's access races, or in_order.
    std::size_t read(std::size_t index, std::size_t thread, const view& known) {
        cell& at = cells_[index];
        at.read[thread] = known.thread[thread];
        return at.written > known.thread[at.writer] ? at.writer : in_order;
    }
    std::size_t write(std::size_t index, bits value, std::size_t thread, const view& known) {
        cell& at = cells_[index];
        std::size_t races_with = at.written > known.thread[at.writer] ? at.writer : in_order;
        for (std::size_t i = 0; i < most_threads; ++i) {
            if (at.read[i] > known.thread[i]) { races_with = i; }
        }
        at = {at.made, value, thread, known.thread[thread], {}};
        return races_with;
    }

    void add_to(digest& sum) const {
        for (const cell& each : cells_) {
            sum.add(each.value);
            sum.add(each.writer << 8U | each.written);
            for (const bits step : each.read) { sum.add(step); }
        }
    }

private:
    struct cell {
        source_line made;
        bits value;
        std::size_t writer;
        std::uint8_t written;                        ///< At which step of the writer.
        std::array<std::uint8_t, most_threads> read; ///< Since then, at which step of each.
    };
    std::vector<cell> cells_;
};

} // namespace alloy::test::model
