// SPDX-License-Identifier: BSL-1.0

#include "experiment.hpp"

#include "referee.hpp"
#include "run.hpp"
#include "support/file_handle.hpp"

#include <chrono>
#include <cstddef>
#include <utility>

namespace alloy::bench {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

experiment conduct(const std::vector<const contender*>& who, int image, const budget& within,
                   progress& shown) {
    experiment result;
    const auto start = std::chrono::steady_clock::now();
    const std::size_t count = who.size();
    for (const contender* each : who) {
        shown.step("counting", each->name);
        result.all.push_back({each, run_counted(*each, image), {}});
    }
    referee judge;
    const auto begin = std::chrono::steady_clock::now();
    for (int round = 0; round < within.most_rounds; ++round) {
        const double per_round = round == 0 ? 0 : seconds_since(begin) / round;
        if (round >= within.least_rounds && seconds_since(start) + per_round > within.seconds) {
            break;
        }
        for (std::size_t turn = 0; turn < count; ++turn) {
            // Rotated by one each round, and every other round backwards: nobody keeps a place or a
            // neighbour.
            const std::size_t place = round % 2 == 0 ? turn : count - 1 - turn;
            series& of = result.all[(place + static_cast<std::size_t>(round)) % count];
            shown.step("running", of.who->name, round + 1);
            file_handle answers = memory_file("answers");
            of.runs.push_back(run_timed(*of.who, image, answers.get()));
            judge.judge(*of.who, of.runs.back(), std::move(answers));
        }
    }
    result.objections = judge.objections();
    return result;
}

} // namespace alloy::bench
