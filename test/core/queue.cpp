// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/queue.hpp>

#include "support/unit_test.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <random>

using alloy::detail::queue;
using alloy::detail::queue_node;

constinit queue before_main;

BOOST_AUTO_TEST_CASE(is_empty_at_first_and_after_the_last_is_gone) {
    queue_node only;
    BOOST_TEST(before_main.first() == nullptr);
    before_main.push(&only);
    BOOST_TEST(before_main.first() == &only);
    before_main.remove(&only);
    BOOST_TEST(before_main.first() == nullptr);
}

BOOST_AUTO_TEST_CASE(agrees_with_a_model_wherever_nodes_leave) {
    std::array<queue_node, 8> nodes;
    std::deque<queue_node*> free;
    for (queue_node& each : nodes) { free.push_back(&each); }
    queue row;
    std::deque<queue_node*> expected;
    std::mt19937 random{42};
    for (int step = 0; step < 10'000; ++step) {
        if (!free.empty() && random() % 2 == 0) {
            row.push(free.front());
            expected.push_back(free.front());
            free.pop_front();
        } else if (!expected.empty()) {
            const auto gone =
                expected.begin() + static_cast<std::ptrdiff_t>(random() % expected.size());
            row.remove(*gone);
            free.push_back(*gone);
            expected.erase(gone);
        }
        BOOST_TEST_REQUIRE(row.first() == (expected.empty() ? nullptr : expected.front()));
    }
}
