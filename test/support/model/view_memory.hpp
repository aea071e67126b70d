// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model::view_memory`: C++20's memory order as a machine of messages and
/// views.
///
///     place x   [ 0 | 7 | 9 ]      every value it had, in modification order: messages
///     place y   [ 0 | 1 ]            each carries a view, what its reader learns who acquires
///     thread A  x:2  y:0           a view: the oldest message of each place that one may still
///     read, thread B  x:0  y:1             and how far in each thread one has synchronized
///
/// A load reads any message that its thread's view allows, so it may be stale; an acquire joins the
/// message's view to the thread's, a release stores the thread's with the message. A store goes
/// anywhere behind what its thread knows, though never between a read-modify-write and what that
/// read; a read-modify-write goes right behind what it reads and hands that one's view on, which is
/// a release sequence. Operations and fences of seq_cst join a view that they all share, in the
/// order in which they run.
///
/// What it does not show: a load that is answered by a store still to come (load buffering), which
/// C++ lets relaxed operations do and no program here can use; and orders of seq_cst operations
/// that contradict happens-before, which C++20 allows beside weaker ones.
///
/// @source J. Kang et al., "A Promising Semantics for Relaxed-Memory Concurrency", POPL 2017,
/// without
///         promises; vector clocks as in C. Flanagan and S. Freund, "FastTrack", PLDI 2009.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace alloy::test::model {

using bits = std::uint64_t; ///< A value of any type that is held here.

inline constexpr std::size_t most_threads = 5; ///< And the last of them is nobody_else.
inline constexpr std::size_t most_places = 27;
/// Who is alone: sets up before the threads start and looks when they have ended.
inline constexpr std::size_t nobody_else = most_threads - 1;

constexpr bool acquires(std::memory_order order) {
    return order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
           order == std::memory_order_seq_cst;
}
constexpr bool releases(std::memory_order order) {
    return order == std::memory_order_release || order == std::memory_order_acq_rel ||
           order == std::memory_order_seq_cst;
}

/// For each place the oldest message to be read, for each thread the steps of it that happened
/// before.
struct view {
    std::array<std::uint8_t, most_places> place{};
    std::array<std::uint8_t, most_threads> thread{};

    void join_places(const view& other) {
        for (std::size_t i = 0; i < place.size(); ++i) {
            place[i] = std::max(place[i], other.place[i]);
        }
    }
    void join(const view& other) {
        join_places(other);
        for (std::size_t i = 0; i < thread.size(); ++i) {
            thread[i] = std::max(thread[i], other.thread[i]);
        }
    }
};

/// A mixture of all that was added, for states to be told apart.
class digest {
public:
    void add(bits value) {
        sum_ = (sum_ ^ value) * 0x9e37'79b9'7f4a'7c15U;
        sum_ ^= sum_ >> 29U;
    }
    void add(const view& known) {
        static_assert(sizeof(view) % sizeof(bits) == 0);
        std::array<bits, sizeof(view) / sizeof(bits)> words{};
        std::memcpy(words.data(), &known, sizeof(view));
        for (const bits each : words) { add(each); }
    }
    [[nodiscard]] bits value() const { return sum_; }

private:
    bits sum_ = 1;
};

/// The places of one execution. Whatever is free to be so or otherwise is asked of `choose(n)`,
/// which answers less than n; 0 is what sequential consistency would do.
class view_memory {
public:
    /// A place whose first message is `value`.
    std::size_t add_place(bits value) {
        if (places_used_ == places_.size()) { places_.emplace_back(); }
        places_[places_used_].assign(1, {value, {}, false});
        return places_used_++;
    }

    /// What is known before threads start is known to all.
    void start_threads() {
        for (std::size_t i = 0; i < nobody_else; ++i) {
            threads_[i].now = threads_[nobody_else].now;
            threads_[i].now.thread[i] = 1;
        }
    }
    /// What any thread knew is known.
    void end_threads() {
        for (const knowledge& each : threads_) { threads_[nobody_else].now.join(each.now); }
    }

    void clear() {
        places_used_ = 0;
        threads_ = {};
        threads_[nobody_else].now.thread[nobody_else] = 1;
        shared_ = {};
    }

    [[nodiscard]] const view& known_to(std::size_t thread) const { return threads_[thread].now; }
    [[nodiscard]] std::size_t newest(std::size_t place) const { return places_[place].size() - 1; }
    [[nodiscard]] bits value(std::size_t place, std::size_t at) const {
        return places_[place][at].value;
    }

    /// @return Which message is read.
    template <class Choose>
    std::size_t load(std::size_t thread, std::size_t place, std::memory_order order,
                     Choose choose) {
        const std::size_t at =
            newest(place) - choose(newest(place) + 1 - oldest(thread, place, order));
        read(thread, place, at, order);
        return at;
    }

    template <class Choose>
    void store(std::size_t thread, std::size_t place, bits value, std::memory_order order,
               Choose choose) {
        choices_.clear();
        for (std::size_t at = newest(place) + 1; at > oldest(thread, place, order); --at) {
            if (is_gap(place, at)) { choices_.push_back({at, true}); }
        }
        write(thread, place, choices_[choose(choices_.size())].at, value, order, false);
    }

    /// What a read-modify-write did: which message it read, and whether it wrote the next.
    struct step {
        std::size_t at;
        bool writes;
    };

    /// Writes what `change(value)` makes of a value for which `wanted(value)`; otherwise, or if
    /// `may_fail`, only reads, by `failure`.
    template <class Wanted, class Change, class Choose>
    step modify(std::size_t thread, std::size_t place, Wanted wanted, Change change,
                std::memory_order success, std::memory_order failure, bool may_fail,
                Choose choose) {
        choices_.clear();
        for (std::size_t at = newest(place) + 1; at-- > oldest(thread, place, success);) {
            const bool fits = wanted(value(place, at));
            if (fits && is_gap(place, at + 1)) { choices_.push_back({at, true}); }
            if (!fits || may_fail) { choices_.push_back({at, false}); }
        }
        const step done = choices_[choose(choices_.size())];
        read(thread, place, done.at, done.writes ? success : failure);
        if (done.writes) {
            write(thread, place, done.at + 1, change(value(place, done.at)), success, true);
        }
        return done;
    }

    void fence(std::size_t thread, std::memory_order order) {
        knowledge& own = threads_[thread];
        if (acquires(order)) { own.now.join(own.unacquired); }
        if (order == std::memory_order_seq_cst) {
            own.now.join_places(shared_);
            shared_.join_places(own.now);
        }
        if (releases(order)) {
            own.released = own.now;
            ++own.now.thread[thread];
        }
    }

    void add_to(digest& sum, std::size_t threads) const {
        for (std::size_t i = 0; i < threads; ++i) {
            sum.add(threads_[i].now);
            sum.add(threads_[i].unacquired);
            sum.add(threads_[i].released);
        }
        sum.add(shared_);
        for (std::size_t i = 0; i < places_used_; ++i) {
            sum.add(places_[i].size());
            for (const message& each : places_[i]) {
                sum.add(each.value);
                sum.add(each.seen);
                sum.add(each.attached ? 1 : 0);
            }
        }
    }

private:
    struct message {
        bits value;
        view seen;
        bool attached; ///< By a read-modify-write, to the one before.
    };

    struct knowledge {
        view now;
        view unacquired; ///< What an acquire fence would add.
        view released;   ///< What a relaxed store passes on: as of the last release fence.
    };

    [[nodiscard]] std::size_t oldest(std::size_t thread, std::size_t place,
                                     std::memory_order order) const {
        const std::size_t own = threads_[thread].now.place[place];
        return order == std::memory_order_seq_cst ? std::max<std::size_t>(own, shared_.place[place])
                                                  : own;
    }

    [[nodiscard]] bool is_gap(std::size_t place, std::size_t before) const {
        return before > newest(place) || !places_[place][before].attached;
    }

    void read(std::size_t thread, std::size_t place, std::size_t at, std::memory_order order) {
        knowledge& own = threads_[thread];
        const view& seen = places_[place][at].seen;
        raise(own.now, place, at);
        own.unacquired.join(seen);
        if (acquires(order)) { own.now.join(seen); }
        if (order == std::memory_order_seq_cst) { raise(shared_, place, at); }
    }

    void write(std::size_t thread, std::size_t place, std::size_t at, bits value,
               std::memory_order order, bool attached) {
        if (at <= newest(place)) { make_room(place, at); }
        knowledge& own = threads_[thread];
        raise(own.now, place, at);
        message fresh{value, releases(order) ? own.now : own.released, attached};
        raise(fresh.seen, place, at);
        std::vector<message>& all = places_[place];
        if (attached) { fresh.seen.join(all[at - 1].seen); }
        all.insert(all.begin() + static_cast<std::ptrdiff_t>(at), fresh);
        if (order == std::memory_order_seq_cst) { raise(shared_, place, at); }
        ++own.now.thread[thread];
    }

    /// Counts the messages of `place` from `at` one further, wherever they are named.
    void make_room(std::size_t place, std::size_t at) {
        const auto shift = [place, at](view& each) {
            if (each.place[place] >= at) { ++each.place[place]; }
        };
        for (knowledge& each : threads_) {
            shift(each.now);
            shift(each.unacquired);
            shift(each.released);
        }
        shift(shared_);
        for (std::size_t i = 0; i < places_used_; ++i) {
            for (message& each : places_[i]) { shift(each.seen); }
        }
    }

    static void raise(view& known, std::size_t place, std::size_t at) {
        known.place[place] = std::max(known.place[place], static_cast<std::uint8_t>(at));
    }

    std::vector<std::vector<message>> places_; ///< Those not used keep their memory.
    std::size_t places_used_ = 0;
    std::array<knowledge, most_threads> threads_{};
    view shared_{};
    std::vector<step> choices_;
};

} // namespace alloy::test::model
