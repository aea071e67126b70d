// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A program that remembers the answers that were asked for last.

#include "peers/blocks.hpp"
#include "peers/outcome.hpp"
#include "peers/random.hpp"
#include "peers/team.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace alloy::bench {

/// Answers in the order of their last use, and an index of them by key.
template <class Allocator>
class lru_cache {
    struct entry {
        word key;
        std::array<word, 4> answer;
    };
    using entries = std::list<entry, rebound<Allocator, entry>>;
    using place = typename entries::iterator;

public:
    lru_cache(std::size_t capacity, const Allocator& allocator)
        : capacity_(capacity), entries_(allocator), index_(allocator) {
        index_.reserve(capacity);
    }

    /// Finds the answer to `key`, or works it out in the room of the one not used for longest.
    [[nodiscard]] word look_up(word key) {
        const auto found = index_.find(key);
        if (found != index_.end()) {
            entries_.splice(entries_.begin(), entries_, found->second);
            return found->second->answer.back();
        }
        if (entries_.size() == capacity_) {
            index_.erase(entries_.back().key);
            entries_.pop_back();
        }
        entries_.push_front({key, {}});
        entries_.front().answer.fill(key);
        index_.emplace(key, entries_.begin());
        return 0;
    }

private:
    std::size_t capacity_;
    entries entries_;
    std::unordered_map<word, place, std::hash<word>, std::equal_to<>,
                       rebound<Allocator, std::pair<const word, place>>>
        index_;
};

/// 16 Ki of 256 Ki answers are kept; the n-th key is asked for about 1/n as often as the first.
template <class Allocator>
outcome lru_cache_of(const Allocator& allocator, const task& asked) {
    const std::uint64_t steps = asked.share(1'500'000);
    lru_cache<Allocator> cache(16'384, allocator);
    random_numbers random(0);
    word sum = 0;
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t step = 0; step < steps; ++step) {
            const word rank = random.below(word{2} << random.below(18));
            sum += cache.look_up(rank * 11400714819323198485U);
        }
    });
    return {alone.nanoseconds_each(steps), sum};
}

} // namespace alloy::bench
