// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Blocks that are all made and then all ended: in the order of their making, the other way
/// round, or in none.

#include "blocks.hpp"
#include "outcome.hpp"
#include "random.hpp"
#include "team.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace alloy::bench {

enum class order : std::uint8_t { forward, reverse, shuffled };

/// Which block ends when.
template <order Order>
std::vector<std::uint32_t> endings(std::size_t blocks) {
    std::vector<std::uint32_t> all(blocks);
    std::iota(all.begin(), all.end(), 0U);
    if constexpr (Order == order::reverse) { std::ranges::reverse(all); }
    if constexpr (Order == order::shuffled) {
        random_numbers random(0);
        for (std::size_t i = blocks; i > 1; --i) { std::swap(all[i - 1], all[random.below(i)]); }
    }
    return all;
}

/// `Live` blocks of `Bytes` come and go, again and again.
template <std::size_t Bytes, std::size_t Live, order Order, class Allocator>
outcome fill_of(const Allocator& allocator, const task& asked) {
    const std::uint64_t turns = 1 + asked.share(2'000'000) / Live;
    const std::vector<std::uint32_t> last = endings<Order>(Live);
    nodes<Allocator, Bytes> from(allocator);
    std::vector<word*> blocks(Live, nullptr);
    word sum = 0;
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t turn = 0; turn < turns; ++turn) {
            for (std::size_t i = 0; i < Live; ++i) { blocks[i] = from.make(turn + i); }
            for (const std::uint32_t each : last) { sum += from.end(blocks[each]) * each; }
        }
    });
    return {alone.nanoseconds_each(turns * Live), sum};
}

} // namespace alloy::bench
