// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/core/index_stack.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using detail::index_stack;
using detail::no_index;

namespace {

using links = std::array<index_stack::link, 64>;

static_assert(index_stack::link::is_always_lock_free);
static_assert(sizeof(index_stack) == 16, "a word and a count");
static_assert(!std::copy_constructible<index_stack> && !std::movable<index_stack>);

constinit index_stack before_main;

/// Marks `n` indices as out, as carve() wants it.
template <class Stack, class Links>
void carve(Stack& stack, Links of, std::uint32_t n) {
    for (std::uint32_t i = 0; i < n; ++i) {
        BOOST_TEST_REQUIRE(stack.carve(n) == i);
        of[i].store(Stack::out, std::memory_order_relaxed);
    }
}

template <class Stack, class Links>
void give(Stack& stack, Links to, const std::vector<std::uint32_t>& row) {
    stack.give(to, static_cast<std::uint32_t>(row.size()),
               [&row](std::uint32_t i) { return row[i]; });
}

template <class Stack, class Links>
std::vector<std::uint32_t> take_all(Stack& stack, Links from) {
    std::vector<std::uint32_t> all;
    for (auto i = stack.take(from); i != no_index; i = stack.take(from)) { all.push_back(i); }
    return all;
}

/// What other threads do, once, just before the next swap of this one.
std::function<void()> meanwhile; // NOLINT
int swaps = 0;                   // tried
int failures = 0;                // of the next swaps, for no reason

/// An atomic whose swaps others come before.
template <class T>
class interrupted : public std::atomic<T> {
public:
    using std::atomic<T>::atomic;

    bool compare_exchange_weak(T& expected, T value, std::memory_order success,
                               std::memory_order failure) noexcept {
        ++swaps;
        if (failures > 0) {
            --failures;
            return false;
        }
        if (meanwhile) { std::exchange(meanwhile, nullptr)(); }
        return this->compare_exchange_strong(expected, value, success, failure);
    }
};
using stack_among_others = detail::basic_index_stack<interrupted>;
using links_among_others = std::array<stack_among_others::link, 8>;

} // namespace

BOOST_AUTO_TEST_CASE(one_of_zeros_is_empty_and_has_never_given_out_an_index) {
    std::array<std::byte, sizeof(index_stack)> zeros{};
    BOOST_TEST(std::memcmp(static_cast<const void*>(&before_main), zeros.data(), zeros.size()) ==
               0);
    std::array<index_stack::link, 1> none{};
    BOOST_TEST(before_main.take(none.data()) == no_index);
    BOOST_TEST(before_main.carved() == 0U);
}

BOOST_AUTO_TEST_CASE(carves_indices_in_order_up_to_a_limit_that_may_rise) {
    index_stack stack;
    BOOST_TEST(stack.carve(0) == no_index);
    BOOST_TEST(stack.carve(2) == 0U);
    BOOST_TEST(stack.carve(2) == 1U);
    BOOST_TEST(stack.carve(2) == no_index);
    BOOST_TEST(stack.carved() == 2U);
    BOOST_TEST(stack.carve(3) == 2U);
    BOOST_TEST(stack.carve(3) == no_index);
    BOOST_TEST(stack.carved() == 3U);
}

BOOST_AUTO_TEST_CASE(takes_the_index_that_was_released_last) {
    index_stack stack;
    links of;
    carve(stack, of.data(), 4);
    BOOST_TEST(stack.take(of.data()) == no_index);
    give(stack, of.data(), {2});
    give(stack, of.data(), {0});
    give(stack, of.data(), {3});
    BOOST_TEST(stack.take(of.data()) == 3U);
    give(stack, of.data(), {1});
    BOOST_TEST((take_all(stack, of.data()) == std::vector<std::uint32_t>{1, 0, 2}));
    BOOST_TEST(stack.take(of.data()) == no_index);
}

BOOST_AUTO_TEST_CASE(says_which_indices_are_out) {
    index_stack stack;
    links of;
    carve(stack, of.data(), 4);
    give(stack, of.data(), {0, 2, 3});
    static_cast<void>(stack.take(of.data()));
    for (std::uint32_t i = 0; i < 4; ++i) {
        BOOST_TEST((of[i].load() == index_stack::out) == (i == 1 || i == 3));
    }
}

BOOST_AUTO_TEST_CASE(releases_a_row_in_one_step_as_if_one_after_another) {
    stack_among_others stack;
    links_among_others of{};
    carve(stack, of.data(), 6);
    give(stack, of.data(), {5});
    swaps = 0;
    give(stack, of.data(), {4, 0, 2});
    BOOST_TEST(swaps == 1);
    BOOST_TEST((take_all(stack, of.data()) == std::vector<std::uint32_t>{2, 0, 4, 5}));
}

BOOST_AUTO_TEST_CASE(agrees_with_a_vector_over_any_mixture_of_operations) {
    index_stack stack;
    links of;
    std::vector<std::uint32_t> free;
    std::vector<std::uint32_t> live;
    std::mt19937 random{7};
    for (int step = 0; step < 20'000; ++step) {
        if (random() % 3 != 0) {
            std::uint32_t index = stack.take(of.data());
            BOOST_TEST_REQUIRE(index == (free.empty() ? no_index : free.back()));
            if (!free.empty()) {
                free.pop_back();
            } else {
                index = stack.carve(of.size());
                if (index == no_index) { continue; }
                of[index].store(index_stack::out);
            }
            live.push_back(index);
        } else if (!live.empty()) {
            const std::size_t n = 1 + random() % std::min<std::size_t>(live.size(), 3);
            const std::vector<std::uint32_t> row{live.end() - static_cast<std::ptrdiff_t>(n),
                                                 live.end()};
            live.resize(live.size() - n);
            free.insert(free.end(), row.begin(), row.end());
            give(stack, of.data(), row);
        }
    }
    BOOST_TEST(free.size() + live.size() == stack.carved());
    BOOST_TEST(stack.carved() == of.size());
}

BOOST_AUTO_TEST_CASE(a_top_that_went_and_came_back_with_another_link_is_not_taken_for_the_old) {
    stack_among_others stack;
    links_among_others of{};
    carve(stack, of.data(), 3);
    give(stack, of.data(), {0, 1, 2}); // 2, 1, 0
    meanwhile = [&] {
        BOOST_TEST(stack.take(of.data()) == 2U);
        BOOST_TEST(stack.take(of.data()) == 1U);
        give(stack, of.data(), {2}); // 2, 0: and 1 is out
    };
    BOOST_TEST(stack.take(of.data()) == 2U);
    BOOST_TEST((take_all(stack, of.data()) == std::vector<std::uint32_t>{0}));
}

BOOST_AUTO_TEST_CASE(a_top_that_came_back_in_a_row_is_not_taken_for_the_old) {
    stack_among_others stack;
    links_among_others of{};
    carve(stack, of.data(), 4);
    give(stack, of.data(), {0, 1});
    meanwhile = [&] {
        BOOST_TEST((take_all(stack, of.data()) == std::vector<std::uint32_t>{1, 0}));
        give(stack, of.data(), {3, 1}); // and 0 is out
    };
    BOOST_TEST(stack.take(of.data()) == 1U);
    BOOST_TEST((take_all(stack, of.data()) == std::vector<std::uint32_t>{3}));
}

BOOST_AUTO_TEST_CASE(an_operation_that_others_come_before_starts_from_what_they_left) {
    stack_among_others stack;
    links_among_others of{};
    carve(stack, of.data(), 4);
    meanwhile = [&] { give(stack, of.data(), {3}); };
    give(stack, of.data(), {0, 1});
    BOOST_TEST((take_all(stack, of.data()) == std::vector<std::uint32_t>{1, 0, 3}));

    give(stack, of.data(), {0});
    meanwhile = [&] { BOOST_TEST(stack.take(of.data()) == 0U); }; // the last
    BOOST_TEST(stack.take(of.data()) == no_index);

    give(stack, of.data(), {0});
    meanwhile = [&] { BOOST_TEST(stack.take(of.data()) == 0U); };
    give(stack, of.data(), {1}); // whose link is 0 no more
    BOOST_TEST((take_all(stack, of.data()) == std::vector<std::uint32_t>{1}));

    meanwhile = [&] { BOOST_TEST(stack.carve(5) == 4U); };
    BOOST_TEST(stack.carve(6) == 5U);
    meanwhile = [&] { BOOST_TEST(stack.carve(7) == 6U); };
    BOOST_TEST(stack.carve(7) == no_index);
    BOOST_TEST(stack.carved() == 7U);
}

BOOST_AUTO_TEST_CASE(a_swap_that_fails_for_no_reason_is_tried_again) {
    stack_among_others stack;
    links_among_others of{};
    failures = 2;
    BOOST_TEST(stack.carve(1) == 0U);
    of[0].store(stack_among_others::out);
    failures = 2;
    give(stack, of.data(), {0});
    failures = 2;
    BOOST_TEST(stack.take(of.data()) == 0U);
    BOOST_TEST(stack.take(of.data()) == no_index);
    BOOST_TEST(failures == 0);
}

namespace {

/// Threads that take a few indices of `N` and give them back, one by one or in a row. @return How
/// often one was somebody else's.
template <std::size_t N>
int churn_in_threads(index_stack& stack, std::array<index_stack::link, N>& of, unsigned count) {
    std::array<std::uint32_t, N> owner{}; // guarded by nothing but the stack
    std::atomic<int> faults{0};
    std::vector<std::thread> threads;
    for (std::uint32_t number = 1; number <= count; ++number) {
        threads.emplace_back([&, number] {
            std::vector<std::uint32_t> mine;
            for (unsigned step = 0; step < 20'000; ++step) {
                std::uint32_t index = stack.take(of.data());
                if (index == no_index) {
                    index = stack.carve(N);
                    if (index != no_index) { ::new (&of[index]) index_stack::link(stack.out); }
                }
                if (index != no_index) {
                    if (owner[index] != 0) { ++faults; }
                    owner[index] = number;
                    mine.push_back(index);
                }
                if (index == no_index || mine.size() == 1 + step % 3) {
                    for (const std::uint32_t each : mine) {
                        if (std::exchange(owner[each], 0) != number) { ++faults; }
                    }
                    if (!mine.empty()) { give(stack, of.data(), mine); }
                    mine.clear();
                }
            }
            for (const std::uint32_t each : mine) { owner[each] = 0; }
            if (!mine.empty()) { give(stack, of.data(), mine); }
        });
    }
    for (std::thread& each : threads) { each.join(); }
    return faults;
}

} // namespace

BOOST_AUTO_TEST_CASE(an_index_has_one_owner_at_a_time_and_none_is_lost) {
    for (const unsigned threads : {2U, 4U, 16U}) {
        BOOST_TEST_CONTEXT(threads << " threads") {
            index_stack stack;
            std::array<index_stack::link, 5> of{};
            BOOST_TEST(churn_in_threads(stack, of, threads) == 0);
            std::vector<std::uint32_t> all = take_all(stack, of.data());
            for (auto i = stack.carve(5); i != no_index; i = stack.carve(5)) { all.push_back(i); }
            BOOST_TEST(all.size() == 5U);
            BOOST_TEST(std::accumulate(all.begin(), all.end(), 0U) == 10U);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_index_that_is_released_twice_is_reported) {
    for (const std::vector<std::uint32_t>& row :
         {std::vector<std::uint32_t>{0}, {1}, {3, 2}, {3, 3}, {3, 3, 3}}) {
        BOOST_TEST(test::dies([&] {
            index_stack stack;
            links of;
            carve(stack, of.data(), 4);
            give(stack, of.data(), {0, 1, 2});
            give(stack, of.data(), row);
        }));
    }
}
