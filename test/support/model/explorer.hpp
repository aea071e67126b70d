// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model::explorer`: runs a program once for each way in which it can go.
///
///     choices  [ 2 | 0 | 1 ]  0, 0, 0 ...      which thread goes on, which message a load reads
///                ^   ^   ^    ^
///       as the last time,|    new: ends where a state is reached that was there before, since
///       but the last one,'    what follows is known
///       counted up by one
///
/// Threads take turns before each operation on an atomic, and there only: what else they do is seen
/// by others in the same way whenever it is done, or is a race, which is found in any order. Two
/// states are the same if each thread has read the same and memory is the same; so a thread's
/// variables must follow from what it read, and what threads share must be model::atomic or var.

#include "fiber.hpp"
#include "plain_memory.hpp"
#include "result.hpp"
#include "site.hpp"
#include "trace.hpp"
#include "view_memory.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace alloy::test::model {

class explorer;
inline explorer* current = nullptr; ///< Which runs now.

class explorer {
public:
    explicit explorer(const options& how) : how_(how) { current = this; }
    explorer(const explorer&) = delete;
    explorer& operator=(const explorer&) = delete;
    ~explorer() { current = nullptr; }

    template <class Program>
    result explore() {
        static_assert(Program::threads < most_threads);
        do {
            execute<Program>();
            ++found_.executions;
        } while (found_.violation.empty() && next_choices() && found_.executions < how_.executions);
        found_.states = visited_.size();
        found_.complete = found_.violation.empty() && choices_.empty() && !too_long_;
        return found_;
    }

    view_memory& memory() { return memory_; }
    [[nodiscard]] std::size_t thread() const { return thread_; }

    /// One of `n`, 0 at first.
    std::size_t choose(std::size_t n) {
        if (n == 1) { return 0; }
        if (depth_ == choices_.size()) { choices_.push_back({0, n}); }
        return choices_[depth_++].taken;
    }
    [[nodiscard]] auto chooser() {
        return [this](std::size_t n) { return choose(n); };
    }

    /// Lets others go on before the operation that follows.
    void turn() {
        if (thread_ == nobody_else) { return; }
        hand_over(starting_ ? nobody_else : next_thread());
    }

    /// Notes an order that is in use. @return What it is, maybe changed.
    std::memory_order order_of(const site& at) {
        if (std::find(found_.sites.begin(), found_.sites.end(), at) == found_.sites.end()) {
            found_.sites.push_back(at);
        }
        return is(fault::weak, at) ? how_.with.order : at.order;
    }
    [[nodiscard]] bool is(fault kind, const site& at) const {
        return how_.with.kind == kind && how_.with.at == at;
    }

    /// Whether a compare_exchange_weak may still fail without a reason.
    [[nodiscard]] bool may_fail() const { return failures_ < how_.spurious; }
    void failed_without_reason() { ++failures_; }

    /// The thread has learnt something.
    void learn(bits value) { threads_[thread_].learnt.add(value); }

    /// The thread has read message `message` of `place`; doing only that, it waits, and is left.
    void looked(const source_line& where, std::size_t place, std::size_t message) {
        progress& own = threads_[thread_];
        const glance now{where, place, message};
        own.looks = now == own.last ? own.looks + 1 : 0;
        own.last = now;
        if (own.looks == patience && thread_ != nobody_else) { leave(); }
    }
    void wrote() { threads_[thread_].last = {}; }

    std::size_t add_place(bits first, source_line where) {
        names_.push_back(where);
        return memory_.add_place(first);
    }
    [[nodiscard]] source_line made(std::size_t place) const { return names_[place]; }

    std::size_t add_cell(bits first, source_line where) {
        return plain_.add(first, where, thread_, known());
    }
    void read_cell(std::size_t cell) {
        note({thread_, {}, cell, plain_.made(cell), plain_.value(cell)});
        require_order(plain_.read(cell, thread_, known()), " reads what ");
        learn(plain_.value(cell));
    }
    void write_cell(std::size_t cell, bits value) {
        note({thread_, {}, cell, plain_.made(cell), {}, value});
        require_order(plain_.write(cell, value, thread_, known()), " writes what ");
    }

    void note(const event& each) { trace_.add(each); }

    /// A violation, told by `parts`: the execution ends, and the exploration. A fiber does not
    /// come back from here, so it keeps no string.
    void fail(std::initializer_list<std::string_view> parts) {
        if (found_.violation.empty()) {
            std::string what;
            for (const std::string_view each : parts) { what += each; }
            found_.violation = trace_.text(what, program_);
        }
        if (thread_ != nobody_else) { stop(); }
    }

    void outcome(const std::string& what) { found_.outcomes.insert(what); }

private:
    struct choice {
        std::size_t taken;
        std::size_t of;
    };
    struct glance {
        source_line where;
        std::size_t place = 0;
        std::size_t message = 0;
        friend bool operator==(const glance&, const glance&) = default;
    };
    struct progress {
        digest learnt{};
        glance last{};
        std::size_t looks = 0;
        bool ended = false;
    };
    static constexpr std::size_t patience = 3;

    template <class Program>
    void execute() {
        alignas(Program) static std::array<std::byte, sizeof(Program)> place; // at one address
        program_ = place;
        memory_.clear();
        plain_.clear();
        names_.clear();
        trace_.clear();
        threads_ = {};
        depth_ = steps_ = failures_ = 0;
        stopped_ = false;
        thread_ = nobody_else;
        auto* const program = ::new (place.data()) Program{};
        memory_.start_threads();
        starting_ = true;
        count_ = Program::threads;
        for (std::size_t i = 0; i < count_; ++i) {
            fibers_[i].start([] { current->run<Program>(); });
            if (!stopped_) { hand_over(i); }
        }
        starting_ = false;
        if (!stopped_) { hand_over(next_thread()); }
        if (stopped_) { return; }
        memory_.end_threads();
        program->finish();
        if (found_.violation.empty()) { std::destroy_at(program); }
    }

    template <class Program>
    void run() {
        std::launder(reinterpret_cast<Program*>(program_.data()))->run(thread_);
        threads_[thread_].ended = true;
        hand_over(starting_ ? nobody_else : next_thread());
    }

    void hand_over(std::size_t to) {
        const std::size_t from = std::exchange(thread_, to);
        if (to == from) { return; }
        fibers_[from].switch_to(fibers_[to]);
    }

    /// @return Who goes on: the one that runs, first of all; nobody_else if all have ended.
    std::size_t next_thread() {
        if (depth_ == choices_.size() && !visited_.insert(state()).second) { stop(); }
        if (++steps_ > how_.steps) {
            too_long_ = true;
            leave();
        }
        std::array<std::size_t, most_threads> able{};
        std::size_t n = 0;
        for (std::size_t i = 0; i < count_; ++i) {
            const std::size_t each = (thread_ + i) % count_;
            if (!threads_[each].ended) { able[n++] = each; }
        }
        return n == 0 ? nobody_else : able[choose(n)];
    }

    /// Counts the choices up. @return False after the last.
    bool next_choices() {
        while (!choices_.empty() && choices_.back().taken + 1 == choices_.back().of) {
            choices_.pop_back();
        }
        if (choices_.empty()) { return false; }
        ++choices_.back().taken;
        return true;
    }

    /// Ends the execution: a fiber that calls this does not go on.
    void stop() {
        stopped_ = true;
        hand_over(nobody_else);
    }
    void leave() {
        ++found_.cut;
        stop();
    }

    [[nodiscard]] const view& known() const { return memory_.known_to(thread_); }

    void require_order(std::size_t with, std::string_view verb) {
        if (with == plain_memory::in_order) { return; }
        fail({"a data race: ", trace::name_of_thread(thread_), verb, trace::name_of_thread(with),
              " used, and nothing orders the two"});
    }

    [[nodiscard]] bits state() const {
        digest sum;
        for (std::size_t i = 0; i < count_; ++i) {
            sum.add(threads_[i].learnt.value());
            sum.add(threads_[i].ended ? 1 : 0);
        }
        memory_.add_to(sum, count_);
        plain_.add_to(sum);
        return sum.value();
    }

    options how_;
    result found_{};
    view_memory memory_;
    std::vector<source_line> names_; ///< Of the places in memory.
    plain_memory plain_;
    trace trace_;
    std::span<std::byte> program_;

    std::vector<choice> choices_;
    std::size_t depth_ = 0; ///< How many of them were made in this execution.
    std::unordered_set<bits> visited_;

    std::array<fiber, most_threads> fibers_;
    std::array<progress, most_threads> threads_{};
    std::size_t thread_ = nobody_else; ///< Which one runs.
    std::size_t count_ = 0;
    std::size_t steps_ = 0;
    std::size_t failures_ = 0;
    bool starting_ = false; ///< Each thread goes up to its first operation.
    bool stopped_ = false;
    bool too_long_ = false;
};

/// Every execution of `Program`.
template <class Program>
[[nodiscard]] result explore(const options& how = {}) {
    return std::make_unique<explorer>(how)->explore<Program>(); // too large for a stack
}

} // namespace alloy::test::model
