// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::team`: threads that start together, and the time until the last is done.

#include "cores.hpp"
#include "outcome.hpp"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace alloy::bench {

/// The calling thread is number 0, so that a team of one leaves the process single-threaded. Of
/// more, each is bound to a core.
class team {
    using clock = std::chrono::steady_clock;

public:
    explicit team(unsigned threads) : gate_(threads), times_(threads) {}

    /// Calls `work(number)` in each thread. @return The sum of what they return.
    template <class Work>
    std::uint64_t run(Work work) {
        std::vector<std::uint64_t> sums(times_.size());
        std::vector<std::thread> others;
        const cores all;
        for (unsigned who = 1; who < times_.size(); ++who) {
            others.emplace_back([&, who] {
                all.bind(who);
                sums[who] = work(who);
            });
        }
        if (!others.empty()) { all.bind(0); }
        sums[0] = work(0);
        for (std::thread& each : others) { each.join(); }
        all.release();
        std::uint64_t sum = 0;
        for (const std::uint64_t each : sums) { sum += each; }
        return sum;
    }

    /// The part of the work that counts; all begin together, and none goes on before all are done.
    template <class Part>
    void timed(unsigned who, Part part) {
        meet();
        const clock::time_point begin = clock::now();
        part();
        times_[who] = {begin, clock::now()};
        meet();
    }

    /// Waits for all others.
    void meet() { gate_.arrive_and_wait(); }

    /// From the first start to the last end, for each of `operations`, in ns.
    [[nodiscard]] double nanoseconds_each(std::uint64_t operations) const {
        const auto begin = std::ranges::min_element(times_, {}, &span::begin)->begin;
        const auto end = std::ranges::max_element(times_, {}, &span::end)->end;
        return std::chrono::duration<double, std::nano>(end - begin).count() /
               static_cast<double>(operations);
    }

private:
    struct alignas(64) span {
        clock::time_point begin;
        clock::time_point end;
    };

    std::barrier<> gate_;
    std::vector<span> times_;
};

} // namespace alloy::bench
