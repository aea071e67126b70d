// SPDX-License-Identifier: BSL-1.0
// The stack of indices in every execution that the memory order allows, and with each order
// weakened.
#include "support/model/suite.hpp"

#include <alloy/core/index_stack.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

using namespace alloy::test;
using alloy::detail::no_index;

namespace {

/// A stack, so many indices, and a block for each that only its owner may touch.
template <std::uint32_t Count>
struct stacked {
    using stack_type = alloy::detail::basic_index_stack<model::atomic>;
    stack_type stack{};
    std::array<stack_type::link, Count> links{};
    std::array<model::var<int>, Count> blocks{};

    /// Keeps an index that is none, as a fault may make one, from doing more.
    struct table {
        std::array<stack_type::link, Count>& all;
        stack_type::link& operator[](std::uint32_t index) const {
            model::require(index < Count, "it is an index");
            return all[index % Count];
        }
    };

    /// A block that was released, or else one that never was out.
    std::uint32_t take() {
        std::uint32_t index = stack.take(table{links});
        if (index == no_index) {
            index = stack.carve(Count);
            if (index == no_index) { return no_index; }
            links[index % Count].store(stack_type::out, std::memory_order_relaxed);
        }
        model::require(index < Count && blocks[index % Count] == 0, "it is free");
        blocks[index % Count] = 1;
        return index % Count;
    }

    void give(std::uint32_t index) {
        if (index != no_index) { give(std::array{index}); }
    }
    template <std::size_t N>
    void give(const std::array<std::uint32_t, N>& all) {
        for (const std::uint32_t each : all) { blocks[each] = 0; }
        stack.give(table{links}, N, [&](std::uint32_t i) { return all[i]; });
    }

    /// All are there, and no more.
    void finish() {
        for (std::uint32_t i = 0; i < Count; ++i) {
            model::require(take() != no_index, "none is lost");
        }
        model::require(take() == no_index, "none is there twice");
    }
};

struct both_take_and_give : stacked<2> {
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        give(take());
        if (thread == 0) { give(take()); }
    }
};

/// One index for two: it is passed on by way of the stack, or there is none.
struct one_for_two : stacked<1> {
    static constexpr std::size_t threads = 2;
    void run(std::size_t /*thread*/) {
        for (int i = 0; i < 2; ++i) { give(take()); }
    }
};

/// One sleeps in the middle of a take while the top goes and comes back with another link.
struct the_top_comes_back : stacked<3> {
    the_top_comes_back() { give(std::array{take(), take(), take()}); }

    std::uint32_t kept = no_index;
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        const std::uint32_t a = take();
        if (thread == 0) { return static_cast<void>(kept = a); }
        const std::uint32_t b = take();
        give(a);
        give(b);
    }
    void finish() {
        give(kept);
        stacked::finish();
    }
};

struct two_at_once : stacked<3> {
    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        const std::uint32_t a = take();
        if (thread == 0) { return give(a); }
        const std::uint32_t b = take();
        if (a != no_index && b != no_index) { return give(std::array{a, b}); }
        give(a);
        give(b);
    }
};

struct three_take_and_give : stacked<2> {
    static constexpr std::size_t threads = 3;
    void run(std::size_t /*thread*/) { give(take()); }
};

using suite = model::suite<one_for_two, the_top_comes_back, two_at_once, both_take_and_give,
                           three_take_and_give>;

} // namespace

BOOST_AUTO_TEST_CASE(no_index_has_two_owners_and_none_is_lost) { suite::holds(); }

BOOST_AUTO_TEST_CASE(a_swap_may_fail_without_a_reason) {
    model::options how;
    how.spurious = 1;
    model::suite<two_at_once>::holds(how);
}

BOOST_AUTO_TEST_CASE(every_order_is_needed) { suite::needs_every_order(); }

BOOST_AUTO_TEST_CASE(every_fault_is_found) { suite::finds_every_fault(); }
