// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model::trace`: how an execution went, for people to read.
///
///     a data race: thread 1 reads what thread 0 used, and nothing orders the two
///       thread 0  litmus.cpp:25 writes 42         to var 0 (litmus.cpp:20)
///       thread 0  litmus.cpp:26 store relaxed     atomic 0 (litmus.cpp:21): writes 1
///       thread 1  litmus.cpp:28 load acquire      atomic 0 (litmus.cpp:21): reads 1

#include "site.hpp"
#include "view_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <optional>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace alloy::test::model {

/// One step: what was read, what was written.
struct event {
    std::size_t thread;
    std::optional<site> at; ///< None for plain memory.
    std::size_t place = 0;
    source_line made{}; ///< Where the place was constructed.
    std::optional<bits> read{};
    std::optional<bits> written{};
    bool stale = false; ///< There was a newer value to read.
};

/// The steps of one execution.
class trace {
public:
    void clear() { events_.clear(); }
    void add(const event& each) { events_.push_back(each); }

    /// @param program Where pointers lead that are shown as offsets.
    [[nodiscard]] std::string text(std::string_view what,
                                   std::span<const std::byte> program) const {
        std::ostringstream out;
        out << what;
        for (const event& each : events_) {
            out << "\n  " << name_of_thread(each.thread) << "  " << std::left << std::setw(52);
            std::ostringstream done;
            if (each.at) { done << *each.at; }
            out << done.str();
            if (each.at && each.at->what == operation::fence) { continue; }
            out << (each.at ? " atomic " : " var ") << each.place << " (" << each.made << "):";
            if (each.read) { out << " reads " << shown{*each.read, program}; }
            if (each.stale) { out << ", stale"; }
            if (each.written) { out << " writes " << shown{*each.written, program}; }
        }
        return out.str();
    }

    [[nodiscard]] static std::string_view name_of_thread(std::size_t thread) {
        constexpr std::array<std::string_view, most_threads> names{
            "thread 0", "thread 1", "thread 2", "thread 3", "alone   "};
        return names[thread];
    }

private:
    struct shown {
        bits value;
        std::span<const std::byte> program;
        friend std::ostream& operator<<(std::ostream& out, const shown& each) {
            const bits from = reinterpret_cast<std::uintptr_t>(each.program.data());
            if (each.value - from < each.program.size()) {
                return out << "&program + " << each.value - from;
            }
            if (each.value < 100'000) { return out << each.value; }
            return out << "0x" << std::hex << each.value << std::dec;
        }
    };

    std::vector<event> events_;
};

} // namespace alloy::test::model
