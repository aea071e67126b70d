// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief One thread and the containers that live on small nodes.

#include "blocks.hpp"
#include "outcome.hpp"
#include "team.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace alloy::bench {

/// In at the back, out at the front, 1000 live.
template <class Allocator>
outcome list_queue_of(const Allocator& allocator, const task& asked) {
    const std::uint64_t steps = asked.share(2'000'000);
    std::list<word, rebound<Allocator, word>> live(1000, word{1}, allocator);
    word sum = 0;
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t step = 0; step < steps; ++step) {
            live.push_back(step);
            escape(&live.back());
            sum += live.front();
            live.pop_front();
        }
    });
    return {alone.nanoseconds_each(steps), sum};
}

/// The oldest of 16 Ki keys makes room for a new one.
template <class Allocator>
outcome map_churn_of(const Allocator& allocator, const task& asked) {
    constexpr std::uint64_t live = 16'384;
    constexpr auto key = [](std::uint64_t step) { return step * 11400714819323198485U; };
    const std::uint64_t steps = asked.share(1'000'000);
    std::unordered_map<word, word, std::hash<word>, std::equal_to<>,
                       rebound<Allocator, std::pair<const word, word>>>
        map(allocator);
    map.reserve(live);
    for (std::uint64_t step = 0; step < live; ++step) { map.emplace(key(step), step); }
    word sum = 0;
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t step = 0; step < steps; ++step) {
            const auto oldest = map.find(key(step));
            sum += oldest->second;
            map.erase(oldest);
            escape(&*map.emplace(key(step + live), step + live).first);
        }
    });
    return {alone.nanoseconds_each(steps), sum};
}

} // namespace alloy::bench
