// SPDX-License-Identifier: BSL-1.0
// The remote list in every execution that the memory order allows, and with each order weakened.
#include "support/model/suite.hpp"

#include <alloy/core/remote_list.hpp>

#include <array>
#include <cstddef>

using namespace alloy::test;

namespace {

/// A block: its link, and what its owner of the moment writes.
struct node {
    model::var<node*> next{nullptr};
    model::var<int> owner{0};
};

/// A list, so many nodes, and where each was seen last.
template <std::size_t Nodes>
struct listed {
    alloy::detail::basic_remote_list<model::atomic, node> list{};
    std::array<node, Nodes> nodes{};
    std::array<int, Nodes> taken{};

    void push(std::size_t from, std::size_t to) {
        for (std::size_t i = from; i <= to; ++i) {
            nodes[i].owner = static_cast<int>(i) + 1;
            if (i < to) { nodes[i].next = &nodes[i + 1]; }
        }
        list.push(&nodes[from], &nodes[to]);
    }

    /// Counts what it takes, and uses it: an unordered access by whoever pushed it is a race.
    std::size_t take() {
        std::size_t n = 0;
        for (node* at = list.take_all(); at != nullptr; ++n) {
            const auto index = static_cast<std::size_t>(at - nodes.data());
            model::require(at->owner == static_cast<int>(index) + 1, "it is as it was pushed");
            at->owner = 0;
            ++taken[index];
            node* const next = at->next;
            at->next = nullptr;
            at = next;
        }
        return n;
    }

    void finish() {
        take();
        model::require(list.empty(), "the owner took all");
        for (const int each : taken) { model::require(each == 1, "every node once"); }
    }
};

struct two_push_while_one_takes : listed<2> {
    static constexpr std::size_t threads = 3;
    void run(std::size_t thread) {
        if (thread < 2) { return push(thread, thread); }
        take();
        take();
    }
};

struct a_chain_is_pushed_whole : listed<3> {
    static constexpr std::size_t threads = 3;
    void run(std::size_t thread) {
        if (thread == 0) { return push(0, 1); }
        if (thread == 1) { return push(2, 2); }
        if (!list.empty()) { model::require(take() != 0, "what was seen is there"); }
    }
};

/// What was taken is pushed again, so that a top comes back.
struct a_node_comes_back : listed<2> {
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        if (thread == 0) {
            push(0, 0);
            push(1, 1);
        } else if (take() == 1 && taken[0] == 1) {
            taken[0] = 0;
            push(0, 0);
        }
    }
};

using suite = model::suite<two_push_while_one_takes, a_chain_is_pushed_whole, a_node_comes_back>;

} // namespace

BOOST_AUTO_TEST_CASE(every_node_is_taken_once_and_as_it_was_pushed) { suite::holds(); }

BOOST_AUTO_TEST_CASE(a_swap_may_fail_without_a_reason) {
    model::options how;
    how.spurious = 1;
    suite::holds(how);
}

BOOST_AUTO_TEST_CASE(every_order_is_needed) { suite::needs_every_order(); }

BOOST_AUTO_TEST_CASE(every_fault_is_found) { suite::finds_every_fault(); }
