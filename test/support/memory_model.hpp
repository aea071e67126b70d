// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model`: every behaviour of a small program of threads that C++20's memory
///        order allows, stale reads included.
///
///     struct message_passing {
///         model::var<int> data{0};
///         model::atomic<int> flag{0};
///
///         static constexpr std::size_t threads = 2;
///         void run(std::size_t thread) {
///             if (thread == 0) {
///                 data = 42;
///                 flag.store(1, std::memory_order_release);
///             } else if (flag.load(std::memory_order_acquire) == 1) {
///                 model::require(data == 42, "the message has arrived");
///             }
///         }
///         void finish() {}                               alone, when all have ended
///     };
///     model::explore<message_passing>().violation        "": in no execution
///
/// A program is constructed, its threads run, finish() looks: once for each schedule and each
/// message that a load may read (model/explorer.hpp, model/view_memory.hpp). A violation is a race
/// on a var or a requirement that does not hold; it is told with every step that led there. The
/// same program with one order weakened, or one operation broken, shows whether the test would
/// notice.
///
/// Choose it for a core of a dozen operations and two or three threads: what it says is proved, for
/// that program. Avoid it for what waits for another thread, and for what keeps state elsewhere
/// than in model::atomic, model::var and the variables of a thread.

#include "model/explorer.hpp"
#include "model/inspection.hpp"

#include <alloy/core/config.hpp>

/// An assertion is a requirement of the program: include this before any other header of alloy's.
#define ALLOY_ASSERT(...) ::alloy::test::model::require((__VA_ARGS__), #__VA_ARGS__)

#include <atomic>
#include <cstddef>
#include <cstring>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace alloy::test::model {

template <class T>
bits to_bits(T value) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(bits));
    bits all = 0;
    std::memcpy(&all, &value, sizeof(T));
    return all;
}
template <class T>
T from_bits(bits all) {
    T value;
    std::memcpy(&value, &all, sizeof(T));
    return value;
}

/// What a program expects; otherwise the exploration ends with a violation.
inline void require(bool holds, std::string_view what) {
    if (!holds) { current->fail({"violated: ", what}); }
}

/// Adds to the outcomes of the exploration; for finish().
template <class... Values>
void outcome(const Values&... values) {
    std::ostringstream text;
    const char* gap = "";
    ((text << std::exchange(gap, " ") << values), ...);
    current->outcome(text.str());
}

/// As std::atomic, in a program that is explored. @pre Constructed before its threads start.
template <class T>
class atomic {
    using line = source_line;
    using order = std::memory_order;
    static constexpr order strongest = std::memory_order_seq_cst;

public:
    using value_type = T;

    explicit(false) atomic(T value = {}, line made = line::current())
        : place_(current->add_place(to_bits(value), made)) {}
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;

    T load(order how = strongest, line where = line::current()) const noexcept {
        current->turn();
        const site at{where, operation::load, how};
        const order real = current->order_of(at);
        const std::size_t newest = memory().newest(place_);
        const std::size_t read = memory().load(me(), place_, real, current->chooser());
        const bits value = memory().value(place_, read);
        note(at, value, {}, read < newest);
        current->learn(value);
        current->looked(where, place_, read);
        return from_bits<T>(value);
    }

    void store(T value, order how = strongest, line where = line::current()) noexcept {
        current->turn();
        const site at{where, operation::store, how};
        const order real = current->order_of(at);
        note(at, {}, to_bits(value));
        if (!current->is(fault::lost, at)) {
            memory().store(me(), place_, to_bits(value), real, current->chooser());
        }
        current->learn(1);
        current->wrote();
    }

    T exchange(T value, order how = strongest, line where = line::current()) noexcept {
        return modify([value](T) { return value; }, how, where);
    }
    T fetch_add(T more, order how = strongest, line where = line::current()) noexcept {
        return modify([more](T old) { return static_cast<T>(old + more); }, how, where);
    }
    T fetch_sub(T less, order how = strongest, line where = line::current()) noexcept {
        return modify([less](T old) { return static_cast<T>(old - less); }, how, where);
    }
    T fetch_or(T mask, order how = strongest, line where = line::current()) noexcept {
        return modify([mask](T old) { return static_cast<T>(old | mask); }, how, where);
    }
    T fetch_and(T mask, order how = strongest, line where = line::current()) noexcept {
        return modify([mask](T old) { return static_cast<T>(old & mask); }, how, where);
    }

    bool compare_exchange_strong(T& expected, T value, order success, order failure,
                                 line where = line::current()) noexcept {
        return compare(expected, value, success, failure, where, false);
    }
    bool compare_exchange_weak(T& expected, T value, order success, order failure,
                               line where = line::current()) noexcept {
        return compare(expected, value, success, failure, where, current->may_fail());
    }

private:
    static view_memory& memory() { return current->memory(); }
    static std::size_t me() { return current->thread(); }
    void note(const site& at, std::optional<bits> read, std::optional<bits> written,
              bool stale = false) const {
        current->note({me(), at, place_, current->made(place_), read, written, stale});
    }

    template <class Change>
    T modify(Change change, order how, line where) {
        current->turn();
        const site at{where, operation::modify, how};
        T old{};
        swap(at, at, how, [](T) { return true; }, change, old, false);
        return old;
    }

    bool compare(T& expected, T value, order success, order failure, line where, bool may_fail) {
        current->turn();
        const site at{where, operation::compare, success};
        const site failed{where, operation::compare_failed, failure};
        const T wanted = expected;
        const bool blind = current->is(fault::blind, at);
        const auto fits = [=](T old) { return blind || to_bits(old) == to_bits(wanted); };
        return swap(
            at, failed, current->order_of(failed), fits, [value](T) { return value; }, expected,
            may_fail && !blind);
    }

    /// Any read-modify-write. @return True if it wrote; `old` is what it read.
    template <class Fits, class Change>
    bool swap(const site& at, const site& failed, order failure, Fits fits, Change change, T& old,
              bool may_fail) {
        const order success = current->order_of(at);
        const bool lost = current->is(fault::lost, at);
        const auto fits_bits = [&](bits each) { return fits(from_bits<T>(each)); };
        const auto change_bits = [&](bits each) { return to_bits(change(from_bits<T>(each))); };
        std::size_t read = 0;
        bool done = false;
        const std::size_t newest = memory().newest(place_);
        if (lost || current->is(fault::torn, at)) {
            read = memory().load(me(), place_, success, current->chooser());
            done = fits_bits(memory().value(place_, read));
        } else {
            const auto step = memory().modify(me(), place_, fits_bits, change_bits, success,
                                              failure, may_fail, current->chooser());
            read = step.at;
            done = step.writes;
        }
        const bits before = memory().value(place_, read);
        if (!done && fits_bits(before)) { current->failed_without_reason(); }
        current->learn(before);
        current->learn(done ? 1 : 0);
        old = from_bits<T>(before);
        if (!done) {
            note(failed, before, {}, read < newest);
            current->looked(failed.where, place_, read);
            return false;
        }
        note(at, before, change_bits(before));
        current->wrote();
        if (current->is(fault::torn, at)) {
            current->turn();
            memory().store(me(), place_, change_bits(before), success, current->chooser());
        }
        return true;
    }

    std::size_t place_;
};

/// std::atomic_thread_fence in a program that is explored.
inline void fence(std::memory_order how, source_line where = source_line::current()) noexcept {
    current->turn();
    const site at{where, operation::fence, how};
    const std::memory_order real = current->order_of(at);
    current->note({current->thread(), at});
    if (!current->is(fault::lost, at)) { current->memory().fence(current->thread(), real); }
    current->learn(0);
}

/// Plain memory: two accesses that nothing orders, one of them a write, are a violation.
template <class T>
class var {
public:
    explicit(false) var(T value = {}, source_line made = source_line::current())
        : value_(value), cell_(current->add_cell(to_bits(value), made)) {}
    var(const var&) = delete;
    var& operator=(const var& from) { return *this = static_cast<T>(from); }

    explicit(false) operator T() const {
        current->read_cell(cell_);
        return value_;
    }
    var& operator=(T value) {
        current->write_cell(cell_, to_bits(value));
        value_ = value;
        return *this;
    }
    ~var() = default;

private:
    T value_;
    std::size_t cell_;
};

} // namespace alloy::test::model
