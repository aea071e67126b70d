// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A program that simulates a network, event by event.

#include "peers/blocks.hpp"
#include "peers/outcome.hpp"
#include "peers/random.hpp"
#include "peers/team.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace alloy::bench {

/// Packets on their ways from station to station, each with the stations that it came by.
template <class Allocator>
class event_simulation {
    using path = std::vector<word, rebound<Allocator, word>>;

public:
    event_simulation(std::size_t packets, const Allocator& allocator)
        : allocator_(allocator), packets_(packets), pending_(allocator) {
        refill();
    }

    /// The next packet arrives, and is passed on to one station or two or is at its end.
    /// @return What it tells there.
    word step() {
        const auto first = pending_.begin();
        now_ = first->first;
        path way = std::move(first->second);
        pending_.erase(first);
        way.push_back(random_.below(1000));
        const word told = random_.below(8);
        if (told < 2) {
            refill();
            return std::accumulate(way.begin(), way.end(), now_);
        }
        if (told == 2) { schedule(path(way, allocator_)); }
        schedule(std::move(way));
        return told;
    }

private:
    // There is always as much to do as at the beginning.
    void refill() {
        while (pending_.size() < packets_) { schedule(path(allocator_)); }
    }

    void schedule(path way) { pending_.emplace(now_ + random_.below(10'000), std::move(way)); }

    Allocator allocator_;
    std::size_t packets_;
    random_numbers random_{0};
    word now_ = 0;
    std::multimap<word, path, std::less<>, rebound<Allocator, std::pair<const word, path>>>
        pending_;
};

/// 16 Ki packets are under way at a time.
template <class Allocator>
outcome event_simulation_of(const Allocator& allocator, const task& asked) {
    const std::uint64_t events = asked.share(500'000);
    event_simulation<Allocator> network(16'384, allocator);
    word sum = 0;
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t event = 0; event < events; ++event) { sum += network.step(); }
    });
    return {alone.nanoseconds_each(events), sum};
}

} // namespace alloy::bench
