// SPDX-License-Identifier: BSL-1.0
// The explorer itself: what the literature on memory models says of its small programs, and faults
// that it must find.
#include "support/unit_test.hpp"

#include "support/memory_model.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <set>
#include <string>

using namespace alloy::test;
using std::memory_order;

namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto acq_rel = std::memory_order_acq_rel;
constexpr auto seq_cst = std::memory_order_seq_cst;
/// No fence.
constexpr auto none = relaxed;

void fence(memory_order how) {
    if (how != none) { model::fence(how); }
}

/// Two places and what the threads read.
struct two_places {
    model::atomic<int> x{0};
    model::atomic<int> y{0};
    std::array<int, 4> read{-1, -1, -1, -1};
};

using outcomes = std::set<std::string>;

template <class Program>
outcomes outcomes_of() {
    const model::result found = model::explore<Program>();
    BOOST_TEST(found.violation == "");
    BOOST_TEST(found.complete);
    return found.outcomes;
}

template <memory_order Store, memory_order Load, memory_order Between = none>
struct store_buffering : two_places {
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        (thread == 0 ? x : y).store(1, Store);
        fence(Between);
        read[thread] = (thread == 0 ? y : x).load(Load);
    }
    void finish() { model::outcome(read[0], read[1]); }
};

} // namespace

BOOST_AUTO_TEST_CASE(store_buffering_is_seen_unless_all_is_sequentially_consistent) {
    const outcomes in_turn{"0 1", "1 0", "1 1"};
    outcomes buffered = in_turn;
    buffered.insert("0 0");
    BOOST_TEST((outcomes_of<store_buffering<relaxed, relaxed>>() == buffered));
    BOOST_TEST((outcomes_of<store_buffering<release, acquire>>() == buffered));
    BOOST_TEST((outcomes_of<store_buffering<seq_cst, acquire>>() == buffered));
    BOOST_TEST((outcomes_of<store_buffering<release, acquire, acq_rel>>() == buffered));
    BOOST_TEST((outcomes_of<store_buffering<seq_cst, seq_cst>>() == in_turn));
    BOOST_TEST((outcomes_of<store_buffering<relaxed, relaxed, seq_cst>>() == in_turn));
}

namespace {

template <memory_order Store, memory_order Load, memory_order Before = none,
          memory_order After = none>
struct message_passing {
    model::var<int> data{0};
    model::atomic<int> flag{0};

    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        if (thread == 0) {
            data = 42;
            fence(Before);
            flag.store(1, Store);
        } else if (flag.load(Load) == 1) {
            fence(After);
            model::require(data == 42, "the message has arrived");
        }
    }
    void finish() { model::require(data == 42 && flag.load(relaxed) == 1, "all has ended"); }
};

/// By way of a third thread, which does or does not read in order.
template <memory_order Store, memory_order Load>
struct message_relayed : two_places {
    static constexpr std::size_t threads = 3;
    model::var<int> data{0};
    void run(std::size_t thread) {
        if (thread == 0) {
            data = 1;
            x.store(1, Store);
        } else if (thread == 1) {
            if (x.load(Load) == 1) { y.store(1, Store); }
        } else if (y.load(Load) == 1) {
            model::require(x.load(relaxed) == 1, "causes come first");
            model::require(data == 1, "the message has arrived");
        }
    }
    void finish() {}
};

template <class Program>
std::string violation() {
    return model::explore<Program>().violation;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_message_arrives_exactly_if_a_release_meets_an_acquire) {
    BOOST_TEST((violation<message_passing<release, acquire>>() == ""));
    BOOST_TEST((violation<message_passing<seq_cst, seq_cst>>() == ""));
    BOOST_TEST((violation<message_passing<relaxed, relaxed, release, acquire>>() == ""));
    BOOST_TEST((violation<message_passing<release, relaxed, none, acquire>>() == ""));
    BOOST_TEST((violation<message_passing<relaxed, acquire, release>>() == ""));
    BOOST_TEST((violation<message_passing<relaxed, relaxed, seq_cst, seq_cst>>() == ""));
    BOOST_TEST((violation<message_passing<relaxed, acquire>>() != ""));
    BOOST_TEST((violation<message_passing<release, relaxed>>() != ""));
    BOOST_TEST((violation<message_passing<relaxed, relaxed, release>>() != ""));
    BOOST_TEST((violation<message_passing<relaxed, relaxed, acquire, acquire>>() != ""));
    BOOST_TEST((violation<message_passing<relaxed, relaxed, release, release>>() != ""));
    BOOST_TEST((violation<message_relayed<release, acquire>>() == ""));
    BOOST_TEST((violation<message_relayed<relaxed, acquire>>() != ""));
    BOOST_TEST((violation<message_relayed<release, relaxed>>() != ""));
}

namespace {

struct load_buffering : two_places {
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        read[thread] = (thread == 0 ? x : y).load(relaxed);
        (thread == 0 ? y : x).store(1, relaxed);
    }
    void finish() { model::outcome(read[0], read[1]); }
};

} // namespace

BOOST_AUTO_TEST_CASE(load_buffering_is_not_shown_though_the_standard_allows_it) {
    BOOST_TEST((outcomes_of<load_buffering>() == outcomes{"0 0", "0 1", "1 0"}));
}

namespace {

template <memory_order Store, memory_order Load, memory_order Between = none>
struct independent_writes : two_places {
    static constexpr std::size_t threads = 4;
    void run(std::size_t thread) {
        if (thread < 2) { return (thread == 0 ? x : y).store(1, Store); }
        const bool x_first = thread == 2;
        read[thread % 2 * 2] = (x_first ? x : y).load(Load);
        fence(Between);
        read[thread % 2 * 2 + 1] = (x_first ? y : x).load(Load);
    }
    /// One has seen x before y, the other y before x.
    void finish() { model::outcome(read == std::array{1, 0, 1, 0}); }
};

} // namespace

BOOST_AUTO_TEST_CASE(readers_agree_on_independent_writes_only_if_all_is_sequentially_consistent) {
    BOOST_TEST((outcomes_of<independent_writes<release, acquire>>() == outcomes{"0", "1"}));
    BOOST_TEST(
        (outcomes_of<independent_writes<relaxed, relaxed, acq_rel>>() == outcomes{"0", "1"}));
    BOOST_TEST((outcomes_of<independent_writes<seq_cst, acquire>>() == outcomes{"0", "1"}));
    BOOST_TEST((outcomes_of<independent_writes<seq_cst, seq_cst>>() == outcomes{"0"}));
    BOOST_TEST((outcomes_of<independent_writes<relaxed, relaxed, seq_cst>>() == outcomes{"0"}));
}

namespace {

struct one_place : two_places {
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        if (thread == 0) {
            x.store(1, relaxed);
            x.store(2, relaxed);
        } else {
            read[0] = x.load(relaxed);
            read[1] = x.load(relaxed);
        }
    }
    void finish() {
        model::require(read[0] <= read[1], "never back");
        model::require(x.load(relaxed) == 2, "the last one stays");
        model::outcome(read[0], read[1]);
    }
};

/// The other's store may go before this one's, late as it comes, and then is not read any more.
struct own_write : two_places {
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        x.store(static_cast<int>(thread) + 1, relaxed);
        if (thread == 0) { read[0] = x.load(relaxed); }
    }
    void finish() { model::outcome(read[0], x.load(relaxed)); }
};

template <memory_order Store>
struct two_and_two_writes : two_places {
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        (thread == 0 ? x : y).store(1, Store);
        (thread == 0 ? y : x).store(2, Store);
    }
    void finish() { model::outcome(x.load(relaxed), y.load(relaxed)); }
};

} // namespace

BOOST_AUTO_TEST_CASE(one_place_has_one_order_and_two_have_none) {
    BOOST_TEST((outcomes_of<one_place>() == outcomes{"0 0", "0 1", "0 2", "1 1", "1 2", "2 2"}));
    BOOST_TEST((outcomes_of<own_write>() == outcomes{"1 1", "1 2", "2 2"}));
    BOOST_TEST((outcomes_of<two_and_two_writes<seq_cst>>() == outcomes{"1 2", "2 1", "2 2"}));
    BOOST_TEST(
        (outcomes_of<two_and_two_writes<release>>() == outcomes{"1 1", "1 2", "2 1", "2 2"}));
}

namespace {

/// What stands between the release and the acquire.
enum class between { another_thread_adds, another_thread_stores, the_same_thread_stores };

template <between What, memory_order Add = relaxed>
struct release_sequence {
    model::var<int> data{0};
    model::atomic<int> flag{0};

    static constexpr std::size_t threads = 3;
    void run(std::size_t thread) {
        if (thread == 0) {
            data = 42;
            flag.store(1, release);
            if (What == between::the_same_thread_stores) { flag.store(3, relaxed); }
        } else if (thread == 1) {
            if (What == between::another_thread_adds) { flag.fetch_add(2, Add); }
            if (What == between::another_thread_stores && flag.load(relaxed) == 1) {
                flag.store(3, relaxed);
            }
        } else if (flag.load(acquire) == 3) {
            model::require(data == 42, "the message has arrived");
        }
    }
    void finish() {}
};

} // namespace

BOOST_AUTO_TEST_CASE(a_release_sequence_goes_on_by_read_modify_writes_alone) {
    BOOST_TEST((violation<release_sequence<between::another_thread_adds>>() == ""));
    BOOST_TEST((violation<release_sequence<between::another_thread_stores>>() != ""));
    BOOST_TEST((violation<release_sequence<between::the_same_thread_stores>>() != ""));
}

namespace {

/// Threads that count with a read-modify-write, or with two steps.
template <bool OneStep>
struct counting {
    model::atomic<int> count{0};
    static constexpr std::size_t threads = 3;
    void run(std::size_t /*thread*/) {
        if (OneStep) {
            count.fetch_add(1, relaxed);
        } else {
            count.store(count.load(relaxed) + 1, relaxed);
        }
    }
    void finish() { model::outcome(count.load(relaxed)); }
};

struct counted_and_set {
    model::atomic<int> count{0};
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        if (thread == 0) {
            count.fetch_add(1, relaxed);
        } else {
            count.store(10, relaxed);
        }
    }
    void finish() { model::outcome(count.load(relaxed)); }
};

struct read_while_written {
    model::var<int> data{0};
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        if (thread == 1) {
            data = 1;
        } else {
            model::require(data == 0, "as it was");
        }
    }
    void finish() {}
};

struct owned_by_nobody {
    model::var<int> data{0};
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) { data = static_cast<int>(thread); }
    void finish() {}
};

struct read_by_all {
    model::var<int> data{7};
    static constexpr std::size_t threads = 3;
    void run(std::size_t /*thread*/) { model::require(data == 7, "as it was"); }
    void finish() {}
};

/// Each may take what the other is still writing, if the lock is none.
template <memory_order Take, memory_order Give>
struct spin_lock {
    model::atomic<int> taken{0};
    model::var<int> data{0};
    static constexpr std::size_t threads = 3;
    void run(std::size_t /*thread*/) {
        for (int open = 0; !taken.compare_exchange_strong(open, 1, Take, relaxed); open = 0) {}
        data = data + 1;
        taken.store(0, Give);
    }
    void finish() { model::require(data == 3, "nobody was inside with another"); }
};

} // namespace

BOOST_AUTO_TEST_CASE(an_update_is_lost_unless_it_is_one_step) {
    BOOST_TEST((outcomes_of<counting<true>>() == outcomes{"3"}));
    BOOST_TEST((outcomes_of<counting<false>>() == outcomes{"1", "2", "3"}));
    BOOST_TEST((outcomes_of<counted_and_set>() == outcomes{"10", "11"}), "nothing comes between");
}

BOOST_AUTO_TEST_CASE(a_race_is_found_and_what_is_none_is_not) {
    BOOST_TEST((violation<owned_by_nobody>() != ""));
    BOOST_TEST((violation<read_while_written>() != ""));
    BOOST_TEST((violation<read_by_all>() == ""));
    const model::result sound = model::explore<spin_lock<acquire, release>>();
    BOOST_TEST(sound.violation == "");
    BOOST_TEST(sound.complete);
    BOOST_TEST((violation<spin_lock<relaxed, release>>() != ""));
    BOOST_TEST((violation<spin_lock<acquire, relaxed>>() != ""));
}

namespace {

/// A stack of two blocks whose head does not count, so that a thread may not notice that the top
/// went and came back.
template <bool Counts>
struct treiber {
    static constexpr std::size_t none = 2;
    model::atomic<std::size_t> head{0}; ///< The top, and how often it came: 10 for each time.
    std::array<model::atomic<std::size_t>, 2> next{{{1}, {none}}};
    std::array<model::var<int>, 2> block{{{0}, {0}}};

    std::size_t take() {
        std::size_t seen = head.load(acquire);
        while (seen % 10 != none) {
            const std::size_t below = next[seen % 10].load(relaxed);
            if (head.compare_exchange_strong(seen, seen / 10 * 10 + below, acquire, acquire)) {
                model::require(block[seen % 10] == 0, "nobody has it");
                block[seen % 10] = 1;
                return seen % 10;
            }
        }
        return none;
    }
    void give(std::size_t at) {
        block[at] = 0;
        std::size_t seen = head.load(relaxed);
        do {
            next[at].store(seen % 10, relaxed);
        } while (!head.compare_exchange_strong(seen, (seen / 10 + (Counts ? 1 : 0)) * 10 + at,
                                               release, relaxed));
    }

    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        const std::size_t a = take();
        take();
        if (thread == 1 && a != none) { give(a); }
    }
    void finish() {}
};

} // namespace

BOOST_AUTO_TEST_CASE(a_top_that_went_and_came_back_is_found) {
    const model::result counted = model::explore<treiber<true>>();
    BOOST_TEST(counted.violation == "");
    BOOST_TEST(counted.complete);
    const std::string found = violation<treiber<false>>();
    BOOST_TEST(found.find("violated: nobody has it") == 0U, found);
}

BOOST_AUTO_TEST_CASE(what_is_left_out_is_said) {
    model::options few;
    few.executions = 2;
    BOOST_TEST(!model::explore<counting<false>>(few).complete);
    model::options early;
    early.steps = 3;
    const model::result found = model::explore<counting<false>>(early);
    BOOST_TEST((!found.complete && found.cut != 0));
}

BOOST_AUTO_TEST_CASE(a_violation_is_told_step_by_step) {
    const std::string text = violation<message_passing<relaxed, acquire>>();
    BOOST_TEST(text.find("a data race: thread 1 reads what thread 0 used") == 0U, text);
    const std::size_t store = text.find("store relaxed");
    const std::size_t load = text.find("load acquire");
    BOOST_TEST((store != std::string::npos && load != std::string::npos && store < load), text);
    BOOST_TEST(text.find("litmus.cpp:") != std::string::npos, text);
    BOOST_TEST(text.find("writes 42") < store, text);
    BOOST_TEST((violation<message_passing<relaxed, acquire>>() == text));
    BOOST_TEST_MESSAGE(text);
}

BOOST_AUTO_TEST_CASE(each_order_and_each_fault_is_inspected) {
    using sound = message_passing<release, acquire>;
    const model::inspection orders = model::inspect<sound>(model::weakened);
    BOOST_TEST((orders.found == 2U && orders.unnoticed.empty()), orders);
    const model::inspection strong =
        model::inspect<message_passing<seq_cst, seq_cst>>(model::weakened);
    BOOST_TEST((strong.found == 0U && strong.unnoticed.size() == 2U), strong);
}
