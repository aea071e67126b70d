// SPDX-License-Identifier: BSL-1.0
// The buddy tree in every execution that the memory order allows, and with each order weakened.
#include "support/model/suite.hpp"

#include <alloy/core/buddy_tree.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

using namespace alloy::test;
using alloy::no_units;

namespace {

constexpr std::uint32_t half_leaf = 16; ///< Units; the least that is taken here.

/// A tree, and a block for each half of a leaf, which only who has it may touch.
template <std::uint32_t Units>
struct planted {
    using tree_type = alloy::buddy_tree<Units, Units, model::atomic>;
    std::array<typename tree_type::word, tree_type::words> words{};
    std::array<model::var<int>, Units / half_leaf> blocks{};

    std::uint32_t take(std::uint32_t run, std::uint32_t from = 0) {
        const std::uint32_t at = tree_type(words).take(run, from);
        if (at == no_units) { return at; }
        model::require(at % run == 0 && at < Units, "it is a run");
        for (std::uint32_t i = at % Units; i < at % Units + run; i += half_leaf) {
            model::require(blocks[i / half_leaf] == 0, "nobody has a part of it");
            blocks[i / half_leaf] = 1;
        }
        return at;
    }
    void give(std::uint32_t at, std::uint32_t run) {
        if (at == no_units) { return; }
        model::require(tree_type(words).is_taken(at, run), "the tree knows it");
        for (std::uint32_t i = at; i < at + run; i += half_leaf) { blocks[i / half_leaf] = 0; }
        tree_type(words).give(at, run);
    }

    /// All of it can be taken at once, as nothing is out.
    void finish() {
        model::require(tree_type(words).free() == Units, "all is free");
        model::require(tree_type(words).largest() == Units, "all is one run");
        model::require(take(Units) == 0, "all of it can be taken");
    }
};

template <std::uint32_t Units, std::uint32_t... Runs>
struct each_takes_and_gives : planted<Units> {
    static constexpr std::size_t threads = sizeof...(Runs);
    void run(std::size_t thread) {
        constexpr std::array<std::uint32_t, threads> runs{Runs...};
        this->give(this->take(runs[thread]), runs[thread]);
    }
};

/// What comes back merges while somebody takes.
template <std::uint32_t Units, std::uint32_t Out, std::uint32_t Run>
struct one_gives_and_one_takes : planted<Units> {
    std::array<std::uint32_t, 2> out{this->take(Out), this->take(Out)};

    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        if (thread == 0) {
            for (const std::uint32_t each : out) { this->give(each, Out); }
        } else {
            this->give(this->take(Run), Run);
        }
    }
};

/// Two give the halves of what a third one wants.
template <std::uint32_t Units, std::uint32_t Out, std::uint32_t Run>
struct two_give_and_one_takes : planted<Units> {
    std::array<std::uint32_t, 2> out{this->take(Out), this->take(Out)};

    static constexpr std::size_t threads = 3;
    void run(std::size_t thread) {
        if (thread < 2) {
            this->give(out[thread], Out);
        } else {
            this->give(this->take(Run), Run);
        }
    }
};

/// A part that gives way to all of it: who gives a neighbour later sees that it is free again.
template <std::uint32_t Units, std::uint32_t Part, std::uint32_t Other>
struct all_and_then_a_part : planted<Units> {
    std::uint32_t kept = no_units;

    static constexpr std::size_t threads = 2;
    void run(std::size_t thread) {
        if (thread == 0) { return static_cast<void>(kept = this->take(Other)); }
        this->give(this->take(Units), Units);
        this->give(this->take(Part), Part);
    }
    void finish() {
        this->give(kept, Other);
        planted<Units>::finish();
    }
};

using suite =
    model::suite<one_gives_and_one_takes<64, 32, 64>, each_takes_and_gives<64, 32, 64>,
                 two_give_and_one_takes<64, 32, 64>, each_takes_and_gives<128, 32, 128>,
                 each_takes_and_gives<32, 16, 16>, each_takes_and_gives<32, 16, 16, 32>,
                 one_gives_and_one_takes<128, 64, 32>, two_give_and_one_takes<128, 64, 128>,
                 one_gives_and_one_takes<64, 16, 32>, all_and_then_a_part<64, 32, 16>>;

} // namespace

BOOST_AUTO_TEST_CASE(no_unit_has_two_owners_and_all_merge_in_the_end) { suite::holds(); }

BOOST_AUTO_TEST_CASE(every_order_is_needed) { suite::needs_every_order(); }

BOOST_AUTO_TEST_CASE(every_fault_is_found) { suite::finds_every_fault(); }
