// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/pairing_heap.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <numeric>
#include <random>
#include <set>
#include <vector>

using alloy::detail::heap_node;
using alloy::detail::pairing_heap;

constinit pairing_heap before_main;

BOOST_AUTO_TEST_CASE(is_empty_at_first_and_after_the_last_is_gone) {
    heap_node only;
    BOOST_TEST(before_main.lowest() == nullptr);
    before_main.insert(&only);
    BOOST_TEST(before_main.lowest() == &only);
    before_main.remove(&only);
    BOOST_TEST(before_main.lowest() == nullptr);
}

BOOST_AUTO_TEST_CASE(gives_the_lowest_for_every_order_of_coming_and_going) {
    std::array<heap_node, 6> nodes;
    std::array<std::size_t, 6> in{};
    std::iota(in.begin(), in.end(), 0U);
    bool right = true;
    do {
        std::array<std::size_t, 6> out{};
        std::iota(out.begin(), out.end(), 0U);
        do {
            pairing_heap heap;
            std::size_t least = in[0];
            for (const std::size_t i : in) {
                heap.insert(&nodes[i]);
                least = std::min(least, i);
                right = right && heap.lowest() == &nodes[least];
            }
            unsigned left = 0b111111;
            for (const std::size_t i : out) {
                heap.remove(&nodes[i]);
                left &= ~(1U << i);
                heap_node* const lowest =
                    left == 0 ? nullptr : &nodes[static_cast<std::size_t>(std::countr_zero(left))];
                right = right && heap.lowest() == lowest;
            }
        } while (std::next_permutation(out.begin(), out.end()));
    } while (std::next_permutation(in.begin(), in.end()));
    BOOST_TEST(right);
}

BOOST_AUTO_TEST_CASE(agrees_with_a_set_over_any_mixture_of_insert_and_remove) {
    std::vector<heap_node> nodes(300);
    std::set<heap_node*> model;
    pairing_heap heap;
    std::mt19937 random{42};
    for (int step = 0; step < 100'000; ++step) {
        // Now any node, now the lowest, as a policy that fills one chunk after the other.
        const bool any = step / 1000 % 2 == 0 || model.empty();
        heap_node* const node = any ? &nodes[random() % nodes.size()] : *model.begin();
        if (model.erase(node) != 0) {
            heap.remove(node);
        } else {
            heap.insert(node);
            model.insert(node);
        }
        BOOST_TEST_REQUIRE(heap.lowest() == (model.empty() ? nullptr : *model.begin()));
    }
}
