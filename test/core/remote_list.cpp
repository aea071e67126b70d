// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/remote_list.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using alloy::detail::basic_remote_list;
using alloy::detail::remote_list;
using alloy::detail::remote_node;

namespace {

static_assert(sizeof(remote_list) == sizeof(void*));
static_assert(!std::copy_constructible<remote_list> && !std::movable<remote_list> &&
              std::is_trivially_destructible_v<remote_list>);

constinit remote_list before_main;

/// Numbers, newest first.
template <class List>
std::vector<int> take_numbers(List& list, const std::array<remote_node, 6>& nodes) {
    std::vector<int> taken;
    for (const remote_node* each = list.take_all(); each != nullptr; each = each->next) {
        taken.push_back(static_cast<int>(each - nodes.data()));
    }
    return taken;
}

/// An atomic between whose reads and swaps others come in, a set number of times, and which notes
/// the orders that it is asked for.
template <class T>
class contested {
public:
    explicit contested(T first) : value_(first) {}

    T load(std::memory_order order) const {
        loads = order;
        return value_;
    }
    T exchange(T now, std::memory_order order) {
        exchanges = order;
        return std::exchange(value_, now);
    }
    bool compare_exchange_weak(T& expected, T now, std::memory_order success,
                               std::memory_order failure) {
        swaps = success;
        failures = failure;
        if (!rivals.empty()) {
            rivals.back()->next = value_;
            value_ = rivals.back();
            rivals.pop_back();
        }
        const bool same = expected == value_;
        (same ? value_ : expected) = same ? now : value_;
        return same;
    }

    static inline std::vector<T> rivals;
    static inline std::memory_order loads{};
    static inline std::memory_order exchanges{};
    static inline std::memory_order swaps{};
    static inline std::memory_order failures{};

private:
    T value_;
};
using contested_pointer = contested<remote_node*>;

} // namespace

BOOST_AUTO_TEST_CASE(is_empty_until_something_is_pushed_and_after_all_is_taken) {
    BOOST_TEST(before_main.empty());
    BOOST_TEST(before_main.take_all() == nullptr);
    remote_node node{};
    before_main.push(&node, &node);
    BOOST_TEST(!before_main.empty());
    BOOST_TEST(before_main.take_all() == &node);
    BOOST_TEST(node.next == nullptr);
    BOOST_TEST(before_main.empty());
    BOOST_TEST(before_main.take_all() == nullptr);
}

BOOST_AUTO_TEST_CASE(takes_the_newest_first_and_chains_as_they_were_linked) {
    remote_list list;
    std::array<remote_node, 6> nodes{};
    for (remote_node& each : nodes) { each.next = &each; } // whatever was there
    list.push(&nodes[0], &nodes[0]);
    nodes[1].next = &nodes[2];
    nodes[2].next = &nodes[3];
    list.push(&nodes[1], &nodes[3]);
    list.push(&nodes[4], &nodes[4]);
    BOOST_TEST(take_numbers(list, nodes) == (std::vector{4, 1, 2, 3, 0}));
    list.push(&nodes[3], &nodes[3]); // a node may come again
    BOOST_TEST(take_numbers(list, nodes) == std::vector{3});
}

BOOST_AUTO_TEST_CASE(links_anew_to_what_others_pushed_in_between) {
    std::array<remote_node, 6> nodes{};
    basic_remote_list<contested> list;
    list.push(&nodes[0], &nodes[0]);
    contested_pointer::rivals = {&nodes[2], &nodes[1]};
    nodes[4].next = &nodes[5];
    list.push(&nodes[4], &nodes[5]);
    BOOST_TEST(contested_pointer::rivals.empty());
    BOOST_TEST(take_numbers(list, nodes) == (std::vector{4, 5, 2, 1, 0}));
}

BOOST_AUTO_TEST_CASE(publishes_what_it_pushes_and_orders_nothing_else) {
    remote_node node{};
    basic_remote_list<contested> list;
    list.push(&node, &node);
    BOOST_TEST((contested_pointer::loads == std::memory_order_relaxed));
    BOOST_TEST((contested_pointer::swaps == std::memory_order_release));
    BOOST_TEST((contested_pointer::failures == std::memory_order_relaxed));
    BOOST_TEST(list.take_all() == &node);
    BOOST_TEST((contested_pointer::exchanges == std::memory_order_acquire));
    BOOST_TEST(list.empty());
    BOOST_TEST((contested_pointer::loads == std::memory_order_relaxed));
}

BOOST_AUTO_TEST_CASE(takes_every_node_of_every_thread_once_and_each_threads_in_order) {
    struct parcel {
        parcel* next;
        std::size_t from;
        std::size_t number;
    };
    constexpr std::size_t each_sends = 20'000;
    for (const std::size_t senders : {2U, 4U, 16U}) {
        basic_remote_list<std::atomic, parcel> list;
        std::vector<std::vector<parcel>> parcels(senders, std::vector<parcel>(each_sends));
        std::vector<std::thread> threads;
        for (std::size_t from = 0; from < senders; ++from) {
            threads.emplace_back([&, from] {
                std::vector<parcel>& own = parcels[from];
                for (std::size_t i = 0; i < each_sends;) { // one, two or three at once
                    const std::size_t n = std::min(1 + i % 3, each_sends - i);
                    for (std::size_t j = i; j < i + n; ++j) {
                        own[j].from = from;
                        own[j].number = j;
                        own[j].next = &own[j == i ? j : j - 1];
                    }
                    list.push(&own[i + n - 1], &own[i]);
                    i += n;
                }
            });
        }
        std::vector<std::size_t> expected(senders, 0);
        std::size_t taken = 0;
        std::size_t faults = 0;
        while (taken < senders * each_sends) {
            if (list.empty()) {
                std::this_thread::yield();
                continue;
            }
            std::vector<const parcel*> oldest_last;
            for (const parcel* each = list.take_all(); each != nullptr; each = each->next) {
                oldest_last.push_back(each);
            }
            taken += oldest_last.size();
            for (auto each = oldest_last.rbegin(); each != oldest_last.rend(); ++each) {
                if ((*each)->number != expected[(*each)->from]++) { ++faults; }
            }
        }
        for (std::thread& each : threads) { each.join(); }
        BOOST_TEST(faults == 0U);
        BOOST_TEST(taken == senders * each_sends);
        BOOST_TEST(list.empty());
    }
}
