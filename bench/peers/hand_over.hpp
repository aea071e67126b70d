// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Threads that replace each other's blocks.
///
///     epoch 0   thread 0 -> [ array 0 ]   thread 1 -> [ array 1 ]
///     epoch 1   thread 0 -> [ array 1 ]   thread 1 -> [ array 0 ]   ...
///
/// @source P. Larson and M. Krishnan, "Memory Allocation for Long-Running Server Applications",
///         ISMM 1998.

#include "blocks.hpp"
#include "outcome.hpp"
#include "random.hpp"
#include "team.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace alloy::bench {

/// Replaces random blocks of an array, each ten times, before the next thread gets it.
template <class Blocks, class Allocator>
outcome hand_over_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t live = 5000;
    constexpr std::uint64_t steps = 10 * live;
    const std::uint64_t epochs = std::max<std::uint64_t>(2, asked.share(2'000'000) / steps);
    std::vector<std::vector<word*>> arrays(asked.threads, std::vector<word*>(live));
    team threads(asked.threads);
    const std::uint64_t checksum = threads.run([&](unsigned who) {
        Blocks from(allocator);
        word next = word{who} << 32U;
        word sum = 0;
        random_numbers random(who);
        for (word*& each : arrays[who]) { each = from.make(next++); }
        threads.timed(who, [&] {
            for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
                word** const array = arrays[(who + epoch) % asked.threads].data();
                for (std::uint64_t step = 0; step < steps; ++step) {
                    word*& slot = array[random.below(live)];
                    sum += from.end(slot);
                    slot = from.make(next++);
                }
                threads.meet();
            }
        });
        for (word* each : arrays[who]) { sum += from.end(each); }
        return sum;
    });
    return {threads.nanoseconds_each(epochs * steps * asked.threads), checksum};
}

} // namespace alloy::bench
