// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::contender`: an allocator by name, and the two runs it can be asked for.

#include "answers.hpp"
#include "measurement.hpp"
#include "source.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace alloy::bench {

enum class role : std::uint8_t { control, alloy, other };

struct contender {
    std::string_view name;
    std::string_view note;
    bench::role role;
    measurement (*timed)(sources, answers&);
    demand (*counted)(sources);
};

/// All of contenders.def, in its order; the first is the base of every ratio.
[[nodiscard]] std::span<const contender> contenders();

} // namespace alloy::bench
