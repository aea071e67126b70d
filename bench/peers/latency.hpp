// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief How long a single operation takes, and how long the slow ones.

#include "blocks.hpp"
#include "churn.hpp"
#include "outcome.hpp"
#include "random.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>
#include <x86intrin.h>

namespace alloy::bench {

/// The processor's clock, after all that stands before it in the program, and before what follows.
[[nodiscard]] inline std::uint64_t ticks() noexcept {
    _mm_lfence();
    const std::uint64_t now = __rdtsc();
    _mm_lfence();
    return now;
}

/// The tick in ns, from a stretch of wall clock.
[[nodiscard]] inline double nanoseconds_a_tick() {
    using clock = std::chrono::steady_clock;
    const clock::time_point begin = clock::now();
    const std::uint64_t from = ticks();
    while (clock::now() - begin < std::chrono::milliseconds(20)) {}
    const std::uint64_t to = ticks();
    return std::chrono::duration<double, std::nano>(clock::now() - begin).count() /
           static_cast<double>(to - from);
}

/// The `parts`-th of each million that took longest is the value: 500,000 is the median, 0 the
/// longest. @pre `all` is not empty; afterwards its order is another.
[[nodiscard]] inline std::uint64_t slowest(std::vector<std::uint64_t>& all, std::uint64_t parts) {
    const auto beyond = static_cast<std::ptrdiff_t>(all.size() * parts / 1'000'000);
    const auto at = all.end() - 1 - std::min(beyond, all.end() - all.begin() - 1);
    std::nth_element(all.begin(), at, all.end());
    return *at;
}

/// One of 32 Ki blocks of 16 to 128 bytes is replaced, 400,000 times: what the release and the
/// request took, but for what the clock itself takes; at a percentile, `Parts` of a million above.
template <std::uint64_t Parts, class Allocator>
outcome latency_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t live = std::size_t{1} << 15U;
    std::vector<std::uint64_t> times(std::max<std::uint64_t>(1, asked.share(400'000)));
    arrays<Allocator> from(allocator);
    herd<arrays<Allocator>> all(from, live, 0);
    random_numbers random(0);
    for (std::uint64_t& each : times) {
        const std::uint64_t begin = ticks();
        each = ticks() - begin;
    }
    const std::uint64_t floor = slowest(times, 500'000);
    word sum = 0;
    for (std::uint64_t& each : times) {
        const std::size_t slot = random.below(live);
        const std::uint64_t begin = ticks();
        sum += all.replace(slot);
        each = ticks() - begin;
    }
    const std::uint64_t took = slowest(times, Parts);
    return {static_cast<double>(took - std::min(took, floor)) * nanoseconds_a_tick(), sum};
}

} // namespace alloy::bench
