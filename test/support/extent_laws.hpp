// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The laws of concept `alloy::extent`, checked against the plainest model there is.

#include <alloy/core/extent.hpp>

#include "unit_test.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace alloy::test {

/// What the model has to know of `E` besides the concept.
struct extent_manner {
    bool runs_start_at_granted; ///< At multiples of what is granted, not only of the alignment.
    bool knows_runs;            ///< is_taken() is true for a run as it was taken and nothing else.
};

/// An extent beside a model of it: a flag a unit, and the runs that are out. Both take the lowest
/// free run. An operation on which they differ fails the test.
template <extent E, extent_manner Manner>
class modelled_extent {
public:
    using run = std::pair<std::uint32_t, std::uint32_t>; ///< Its start and what was granted.

    explicit modelled_extent(std::uint32_t units)
        : units_(units), words_(E::metadata_words(units)), taken_(units) {
        extent_.format(words_, units);
        BOOST_TEST_REQUIRE(extent_.largest() == E::longest(units));
    }

    /// The same state under another object, whose words stand elsewhere.
    modelled_extent(const modelled_extent& other)
        : units_(other.units_), words_(other.words_), taken_(other.taken_), runs_(other.runs_) {
        extent_.attach(words_, units_);
    }
    modelled_extent& operator=(const modelled_extent&) = delete;
    ~modelled_extent() = default;

    /// @return Whether there was room.
    bool take(std::uint32_t n, std::uint32_t align) {
        const std::uint32_t granted = extent_.granted(n, align);
        BOOST_TEST_REQUIRE(granted >= n);
        BOOST_TEST_REQUIRE(extent_.granted(granted, align) == granted);
        const std::uint32_t expected = lowest(n, align);
        const std::vector<std::uint32_t> before = words_;
        const std::uint32_t at = extent_.take(n, align);
        BOOST_TEST_REQUIRE(at == expected);
        if (at == no_units) {
            BOOST_TEST_REQUIRE((words_ == before));
            return false;
        }
        set(at, granted, true);
        runs_.insert({at, granted});
        BOOST_TEST_REQUIRE(extent_.is_taken(at, granted));
        return true;
    }

    void give(run gone) {
        BOOST_TEST_REQUIRE(extent_.is_taken(gone.first, gone.second));
        extent_.give(gone.first, gone.second);
        set(gone.first, gone.second, false);
        runs_.erase(gone);
        BOOST_TEST_REQUIRE(!extent_.is_taken(gone.first, gone.second));
    }

    /// largest(), free() and each_free() are exact, under this object and under one that is
    /// attached to the same words.
    void check_largest() const {
        const std::uint32_t largest = extent_.largest();
        BOOST_TEST_REQUIRE((largest == 0 || lowest(largest, 1) != no_units));
        BOOST_TEST_REQUIRE((largest == units_ || lowest(largest + 1, 1) == no_units));
        modelled_extent other{*this};
        BOOST_TEST_REQUIRE(other.extent_.largest() == largest);
        const auto free = std::count(taken_.begin(), taken_.end(), false);
        BOOST_TEST_REQUIRE(extent_.free() == free);
        if constexpr (listing_extent<E>) {
            std::vector<bool> rest(units_, true);
            std::uint32_t end = 0;
            extent_.each_free([&](std::uint32_t at, std::uint32_t n) {
                BOOST_TEST_REQUIRE((n != 0 && at >= end && at + n <= units_));
                end = at + n;
                std::fill(rest.begin() + at, rest.begin() + end, false);
            });
            BOOST_TEST_REQUIRE((rest == taken_));
        }
        BOOST_TEST_REQUIRE(other.extent_.free() == free);
        if (largest != 0) { BOOST_TEST_REQUIRE(other.take(largest, 1)); }
        if (largest != units_) { BOOST_TEST_REQUIRE(!modelled_extent{*this}.take(largest + 1, 1)); }
    }

    /// is_taken() of every run that there could be, and of some that stick out.
    void check_every_run() const {
        bool same = true;
        for (std::uint32_t at = 0; at < units_ + 2; ++at) {
            bool whole = true;
            for (std::uint32_t n = 1; n < units_ + 2; ++n) {
                whole = whole && at + n <= units_ && taken_[at + n - 1];
                const bool expected = Manner.knows_runs ? runs_.contains({at, n}) : whole;
                same = same && extent_.is_taken(at, n) == expected;
            }
        }
        BOOST_TEST_REQUIRE(same);
    }

    /// A run that is out, one of runs().
    [[nodiscard]] run nth(std::size_t index) const {
        return *std::next(runs_.begin(), static_cast<std::ptrdiff_t>(index));
    }
    [[nodiscard]] const std::set<run>& runs() const { return runs_; }
    [[nodiscard]] E& extent() { return extent_; }

    /// All that makes this state what it is.
    [[nodiscard]] auto key() const { return std::pair{words_, runs_}; }

private:
    [[nodiscard]] std::uint32_t lowest(std::uint32_t n, std::uint32_t align) const {
        const std::size_t granted = extent_.granted(n, align);
        const std::size_t step = Manner.runs_start_at_granted ? granted : align;
        for (std::size_t at = 0; at + granted <= units_; at += step) {
            const auto from = taken_.begin() + static_cast<std::ptrdiff_t>(at);
            const auto to = from + static_cast<std::ptrdiff_t>(granted);
            if (std::find(from, to, true) == to) { return static_cast<std::uint32_t>(at); }
        }
        return no_units;
    }

    void set(std::uint32_t at, std::uint32_t n, bool taken) {
        std::fill_n(taken_.begin() + static_cast<std::ptrdiff_t>(at), n, taken);
    }

    std::uint32_t units_;
    std::vector<std::uint32_t> words_;
    std::vector<bool> taken_;
    std::set<run> runs_;
    E extent_;
};

/// Random requests of all lengths and alignments over `units` units, full and empty by turns.
template <extent E, extent_manner Manner>
void extent_laws(std::uint32_t units, int steps = 2000, std::uint64_t seed = 42) {
    BOOST_TEST_CONTEXT(units << " units, seed " << seed) {
        modelled_extent<E, Manner> state{units};
        std::mt19937_64 random{seed};
        const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
        for (int step = 0; step < steps; ++step) {
            const bool fill = step / 100 % 2 == 0;
            if (state.runs().empty() || below(8) < (fill ? 6U : 2U)) {
                const auto longest = below(3) == 0 ? units : std::min(units, 8U);
                const auto n = static_cast<std::uint32_t>(1 + below(longest));
                state.take(n, std::uint32_t{1} << (below(2) * below(7)));
            } else {
                state.give(state.nth(below(state.runs().size())));
            }
            if (step % 25 == 0) { state.check_largest(); }
            if (step % 500 == 0 && units <= 1000) { state.check_every_run(); }
        }
        BOOST_TEST(!state.take(units + 1, 1));
        state.take(1, std::uint32_t{1} << 31U); // at 0 or nowhere
        while (!state.runs().empty()) { state.give(state.nth(below(state.runs().size()))); }
        BOOST_TEST(state.extent().largest() == E::longest(units));
    }
}

/// Every sequence of up to `length` requests and releases over `units` units. Sequences that lead
/// to the same state are continued once.
template <extent E, extent_manner Manner>
void every_sequence(std::uint32_t units, int length, std::uint32_t strongest) {
    using state = modelled_extent<E, Manner>;
    std::set<decltype(std::declval<state>().key())> seen;
    std::vector<state> now;
    now.emplace_back(units);
    const auto visit = [&](std::vector<state>& later, const state& reached) {
        if (!seen.insert(reached.key()).second) { return; }
        reached.check_every_run();
        reached.check_largest();
        later.emplace_back(reached);
    };
    for (int step = 0; step < length; ++step) {
        std::vector<state> later;
        for (const state& each : now) {
            for (std::uint32_t n = 1; n <= units; ++n) {
                for (std::uint32_t align = 1; align <= strongest; align *= 2) {
                    state next{each};
                    if (next.take(n, align)) { visit(later, next); }
                }
            }
            for (const auto& gone : each.runs()) {
                state next{each};
                next.give(gone);
                visit(later, next);
            }
        }
        now.swap(later);
    }
    BOOST_TEST(seen.size() > 100U);
}

} // namespace alloy::test
