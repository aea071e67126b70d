// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What threads that release for others may cost in memory.
///
/// A run yields the most memory that it added, over what it may: the live blocks and 1 MiB for each
/// thread.

#include "blocks.hpp"
#include "outcome.hpp"
#include "queue.hpp"
#include "support/memory_in_use.hpp"
#include "team.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace alloy::bench {

/// Runs `work`, which returns its checksum. @return The ratio, and that.
template <class Work>
outcome added_memory(unsigned threads, std::size_t live_bytes, Work work) {
    const std::int64_t before = resident_bytes();
    const std::uint64_t checksum = work();
    const std::size_t allowed = live_bytes + threads * (std::size_t{1} << 20U);
    return {static_cast<double>(peak_resident_bytes() - before) / static_cast<double>(allowed),
            checksum};
}

/// A producer and a consumer with a bounded queue between them.
template <class Blocks, class Allocator>
outcome bounded_queue_of(const Allocator& allocator, const task& asked) {
    return added_memory(asked.threads, ring::slots * Blocks::bytes, [&] {
        return queue_of<released::remote, Blocks>(allocator, asked).checksum;
    });
}

/// A thread only allocates, and another only releases what that one made the turn before.
template <class Blocks, class Allocator>
outcome free_only_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t batch = 100'000;
    const std::uint64_t turns = 2 + 6 / asked.divisor;
    std::array<std::vector<word*>, 2> batches{std::vector<word*>(batch, nullptr),
                                              std::vector<word*>(batch, nullptr)};
    return added_memory(asked.threads, 2 * batch * Blocks::bytes, [&] {
        team threads(asked.threads);
        return threads.run([&](unsigned who) {
            Blocks from(allocator);
            word sum = 0;
            for (std::uint64_t turn = 0; turn <= turns; ++turn) {
                if (who == 0 && turn < turns) {
                    for (word*& each : batches[turn % 2]) { each = from.make(turn); }
                } else if (who == 1 && turn > 0) {
                    for (word* each : batches[(turn - 1) % 2]) { sum += from.end(each); }
                }
                threads.meet();
            }
            return sum;
        });
    });
}

/// Thread 0 makes blocks; all others release a few of them each, turn by turn, and live on.
template <class Blocks, class Allocator>
outcome many_threads_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t few = 1000;
    const std::uint64_t turns = 2 + 6 / asked.divisor;
    std::vector<word*> all(few * asked.threads, nullptr);
    return added_memory(asked.threads, all.size() * Blocks::bytes, [&] {
        team threads(asked.threads);
        return threads.run([&](unsigned who) {
            Blocks from(allocator);
            word sum = 0;
            for (std::uint64_t turn = 0; turn < turns; ++turn) {
                if (who == 0) {
                    for (word*& each : all) { each = from.make(turn); }
                }
                threads.meet();
                word** const mine = all.data() + few * who;
                for (std::size_t i = 0; i < few; ++i) { sum += from.end(mine[i]); }
                threads.meet();
            }
            return sum;
        });
    });
}

} // namespace alloy::bench
