// SPDX-License-Identifier: BSL-1.0

#include "experiment.hpp"

#include "run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace alloy::bench {
namespace {

// One cell and its runs so far.
class contest {
public:
    contest(const cell& of, const std::vector<entrant>& who) : column_{of, {}} {
        for (const entrant& each : who) {
            if (!each.who->takes_part_in(of)) { continue; }
            entrants_.push_back(&each);
            column_.all.push_back({each.who, {}, ~std::uint64_t{}});
        }
    }

    // Rotated by one each round, and every other round backwards: nobody keeps a place or a
    // neighbour.
    void hold(int round, std::uint64_t divisor, progress& shown,
              std::vector<std::string>& objections) {
        const std::size_t count = entrants_.size();
        for (std::size_t turn = 0; turn < count; ++turn) {
            const std::size_t place = round % 2 == 0 ? turn : count - 1 - turn;
            const std::size_t which = (place + static_cast<std::size_t>(round)) % count;
            if (round > 0 && column_.all[which].failed()) { continue; }
            shown.step(name_of(column_.of) + ":", entrants_[which]->who->name, round + 1);
            run_one(which, divisor, objections);
        }
    }

    [[nodiscard]] column result() && { return std::move(column_); }

private:
    void run_one(std::size_t which, std::uint64_t divisor, std::vector<std::string>& objections) {
        series& of = column_.all[which];
        try {
            const outcome found = run(*entrants_[which], column_.of, divisor);
            checksum_ = checksum_.value_or(found.checksum);
            if (found.checksum != *checksum_) {
                throw run_failed(fmt::format("{} read other stamps in {} than others", of.who->name,
                                             name_of(column_.of)));
            }
            of.values.push_back(found.value);
            of.alignment = std::min(of.alignment, found.alignment);
        } catch (const run_failed& error) {
            if (of.who->role == role::base) { throw; }
            of.values.clear();
            objections.emplace_back(error.what());
        }
    }

    column column_;
    std::vector<const entrant*> entrants_; // of column_.all, in the same order
    std::optional<std::uint64_t> checksum_;
};

} // namespace

const series* column::find(const contender* who) const noexcept {
    const auto found = std::ranges::find(all, who, &series::who);
    return found == all.end() || found->failed() ? nullptr : &*found;
}

figure ratio(const series& of, const series& to) {
    std::vector<double> sample;
    for (std::size_t round = 0; round < of.values.size(); ++round) {
        sample.push_back(of.values[round] / to.values[round]);
    }
    return figure_of(std::move(sample));
}

experiment conduct(const std::vector<entrant>& who, const std::vector<cell>& cells, int rounds,
                   std::uint64_t divisor, progress& shown) {
    std::vector<contest> contests;
    for (const cell& each : cells) { contests.emplace_back(each, who); }
    experiment result;
    for (int round = 0; round < rounds; ++round) {
        for (contest& each : contests) { each.hold(round, divisor, shown, result.objections); }
    }
    for (contest& each : contests) { result.columns.push_back(std::move(each).result()); }
    return result;
}

} // namespace alloy::bench
