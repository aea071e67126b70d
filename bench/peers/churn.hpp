// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Threads that keep to themselves: each allocates and releases its own blocks.

#include "blocks.hpp"
#include "outcome.hpp"
#include "random.hpp"
#include "team.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace alloy::bench {

/// `Live` blocks of one thread, stamped in the order in which they came. Those that are left at the
/// end stay until the process ends: to release ten million takes longer than what is measured.
template <class Blocks>
class herd {
public:
    herd(Blocks& from, std::size_t live, word first) : from_(from), next_(first), blocks_(live) {
        for (word*& each : blocks_) { each = from_.make(next_++); }
    }
    herd(const herd&) = delete;
    herd& operator=(const herd&) = delete;
    ~herd() = default;

    /// A block that comes and goes. @return Its stamp.
    word pair() { return from_.end(from_.make(next_++)); }

    /// Ends one and makes another. @return The old one's stamp.
    word replace(std::size_t slot) {
        const word stamp = from_.end(blocks_[slot]);
        blocks_[slot] = from_.make(next_++);
        return stamp;
    }

private:
    Blocks& from_;
    word next_;
    std::vector<word*> blocks_;
};

/// Each thread repeats `step(herd, random numbers)` over `live` blocks of its own; an eighth of the
/// steps before the clock starts.
template <class Blocks, class Allocator, class Step>
outcome churn(const Allocator& allocator, const task& asked, std::size_t live,
              std::uint64_t operations, Step step) {
    const std::uint64_t steps = asked.share(operations);
    team threads(asked.threads);
    const std::uint64_t checksum = threads.run([&](unsigned who) {
        Blocks from(allocator);
        herd<Blocks> mine(from, live, word{who} << 32U);
        random_numbers random(who);
        word sum = 0;
        for (std::uint64_t i = 0; i < steps / 8; ++i) { sum += step(mine, random); }
        threads.timed(who, [&] {
            for (std::uint64_t i = 0; i < steps; ++i) { sum += step(mine, random); }
        });
        return sum;
    });
    return {threads.nanoseconds_each(steps * asked.threads), checksum};
}

/// One block comes and goes over 1000 that stay.
template <std::size_t Bytes, class Allocator>
outcome pairs_of(const Allocator& allocator, const task& asked) {
    return churn<nodes<Allocator, Bytes>>(allocator, asked, 1000, 4'000'000,
                                          [](auto& mine, auto& /*random*/) { return mine.pair(); });
}

/// A random one of `Live` blocks is replaced.
template <std::size_t Bytes, std::size_t Live, class Allocator>
outcome replace_of(const Allocator& allocator, const task& asked) {
    return churn<nodes<Allocator, Bytes>>(
        allocator, asked, Live, 1'000'000,
        [](auto& mine, auto& random) { return mine.replace(random.below(Live)); });
}

} // namespace alloy::bench
