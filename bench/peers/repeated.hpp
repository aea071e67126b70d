// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::repeated`: one thread that does the same for many elements, again and
/// again.

#include "blocks.hpp"
#include "outcome.hpp"
#include "team.hpp"

#include <cstddef>
#include <cstdint>

namespace alloy::bench {

/// Repeats `turn`, which is about `live` elements and returns a checksum, until it was about
/// `elements`; what an operation costs is an element's part of a turn.
template <class Turn>
outcome repeated(const task& asked, std::size_t live, std::uint64_t elements, Turn turn) {
    const std::uint64_t turns = 1 + asked.share(elements) / live;
    word sum = 0;
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t i = 0; i < turns; ++i) { sum += turn(); }
    });
    return {alone.nanoseconds_each(turns * live), sum};
}

} // namespace alloy::bench
