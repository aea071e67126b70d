// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::buddy_tree`: a buddy system that threads share without a lock.
///
///     order 7   |               2               |      a word a node: how far the largest free run
///     order 6   |       1       |     taken     |      below falls short of all, 0 = wholly free;
///     order 5   |   3   |   0   |       |       |      or that it is taken as one run
///               '1111'..'0110'..                       a word a leaf: 32 units, two bits each
///
/// A run is taken by one compare-and-swap of its node. Then each node above is brought up to date
/// from its two halves, upwards, by such swaps too; if one of them is taken, a larger run came
/// first, and all is undone. A run that comes back is freed and goes the same way up, so that
/// buddies merge. Words of zero are an empty tree, however large it is.
///
/// The rest of a node's word counts its swaps, so none succeeds whose writer looked at the halves
/// before another's did. So each node above a run that is out says that it is not wholly free, and
/// when all is quiet each says what is true.
///
/// Lock-free: a thread repeats a swap only after another's succeeded, and each operation has a
/// bounded number that succeed, for a search passes no node twice. Who stops for ever inside keeps
/// the run that it was about to take or to give, and with it the larger ones that it is a part of.

#include <alloy/core/assert.hpp>
#include <alloy/core/extent.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace alloy::inline ALLOY_ABI {

/// Divides `Units` units into runs of a power of two, up to `Longest`. What it knows is in its
/// words alone, so that every copy is the same tree.
///
/// @tparam Units  Up to 2^31.
/// @tparam Atomic As std::atomic.
/// @threads Safe and lock-free.
/// @source  After R. Marotta et al., "A Non-blocking Buddy System for Scalable Memory Allocation",
///          arXiv 1804.03436, whose nodes tell in bits which half is taken or about to merge. Nodes
///          that are computed from their halves on the way up, and swapped only if nobody did
///          meanwhile: P. Jayanti, "f-arrays: Implementation and Applications", PODC 2002.
template <std::uint32_t Units, std::uint32_t Longest = std::bit_floor(Units),
          template <class> class Atomic = std::atomic>
    requires(Units > 0 && Units <= std::uint32_t{1} << 31U && std::has_single_bit(Longest) &&
             Longest <= Units)
class buddy_tree {
    static constexpr unsigned leaf_order = 5;
    static constexpr std::uint32_t leaf = 1U << leaf_order;                       // units
    static constexpr std::uint32_t leaves = std::max(std::bit_ceil(Units), leaf); // in units too

public:
    using word = Atomic<std::uint64_t>;

    /// Words of metadata: half a byte a unit.
    static constexpr std::size_t words = 2 * std::size_t{leaves / leaf};

    /// The tree in `metadata`, which is zero when the tree is new. @complexity O(1).
    explicit buddy_tree(std::span<word, words> metadata) noexcept : words_(metadata.data()) {}

    /// Takes a free run of `run` units, which starts at a multiple of that: the lowest, or one that
    /// shares the most of its path with the unit `from`.
    /// @pre `run` is a power of two, at most `Longest`.
    /// @return Its start; no_units if each such run was taken, or on its way in or out in another
    /// thread, when the search came by.
    /// @complexity O(log n), and O(1) for each run of `Longest` that has no room.
    [[nodiscard]] std::uint32_t take(std::uint32_t run, std::uint32_t from = 0) noexcept {
        ALLOY_ASSERT(std::has_single_bit(run) && run <= Longest);
        from &= leaves - std::max(run, leaf);
        for (std::size_t step = next(0, run, from); step < leaves;) {
            const std::uint32_t at = hold(static_cast<std::uint32_t>(step) ^ from, run);
            unsigned full = order_of(run); // the order of the node that turned out to have no room
            if (at != no_units) {
                full = update(at, run);
                if (full > top) { return at; }
                give(at, run);
            }
            step = next(after(step, full), run, from);
        }
        return no_units;
    }

    /// Frees the run at `at`, and merges. @pre `is_taken(at, run)`. @complexity O(log n).
    void give(std::uint32_t at, std::uint32_t run) noexcept {
        word& own = node(at, order_of(run));
        // Releases what this thread did in the run: to hold() and update() of who takes a part of
        // it, and to joined() for who takes more.
        if (run > leaf) {
            own.fetch_add(one_change - state_of_run(run), std::memory_order_release);
        } else {
            own.fetch_and(~bits_of(at % leaf, run), std::memory_order_release);
        }
        update(at, run);
    }

    /// True if take() returned this run and give() did not get it since; exact for who has it.
    /// @complexity O(1).
    [[nodiscard]] bool is_taken(std::uint32_t at, std::uint32_t run) const noexcept {
        if (!std::has_single_bit(run) || at % run != 0 || at >= Units) { return false; }
        const std::uint64_t seen = node(at, order_of(run)).load(std::memory_order_relaxed);
        if (run > leaf) { return (state_of(seen) & taken) != 0; }
        const std::uint64_t units = seen >> at % leaf;
        return (units & 1U) != 0 && (units >> leaf & ones(run + 1)) == ones(run) - 1;
    }

    /// Units not taken. @complexity O(log n) a free run. @threads Exact when nobody else is here.
    [[nodiscard]] std::uint32_t free() const noexcept {
        std::uint32_t sum = 0;
        for (std::size_t step = 0; step < Units;) {
            const auto at = static_cast<std::uint32_t>(step);
            unsigned order = first_order(step);
            unsigned short_by = glance(at, order);
            while (order != leaf_order && short_by - 1 < order) { short_by = glance(at, --order); }
            if (short_by == 0) {
                sum += std::uint32_t{1} << order;
            } else if (order == leaf_order) {
                const std::uint64_t seen = node(at, order).load(std::memory_order_relaxed);
                sum += static_cast<std::uint32_t>(std::popcount(free_in(seen, at)));
            }
            step = after(step, order);
        }
        return sum;
    }

    /// Units of the largest free run. @complexity O(1) for each run of the longest.
    /// @threads Exact when nobody else is here.
    [[nodiscard]] std::uint32_t largest() const noexcept {
        std::uint32_t run = Longest;
        while (run != 0 && next(0, run, 0) >= leaves) { run /= 2; }
        return run;
    }

private:
    static constexpr unsigned taken = 0x80; // as one run: a bit beside the shortfall
    static constexpr std::uint64_t one_change = 0x100;

    static constexpr std::uint64_t ones(std::uint32_t n) noexcept {
        return (std::uint64_t{1} << n) - 1;
    }

    /// The first units of all free runs of order `n + 1` in a leaf, from those of order `n`.
    static constexpr std::uint64_t paired(std::uint64_t free, unsigned n) noexcept {
        constexpr std::array<std::uint32_t, leaf_order + 1> starts{
            0x55555555, 0x11111111, 0x01010101, 0x00010001, 1, 0};
        return free & free >> (1U << n) & starts[n];
    }

    /// The bits of a run that starts at bit `at` of a leaf.
    static constexpr std::uint64_t bits_of(std::uint32_t at, std::uint32_t run) noexcept {
        return (ones(run) | (ones(run) - 1) << leaf) << at;
    }

    /// What a node says; the 56 bits above count its changes.
    static constexpr unsigned state_of(std::uint64_t seen) noexcept { return seen % one_change; }
    static constexpr std::uint64_t changed(std::uint64_t seen, unsigned state) noexcept {
        return seen + one_change - state_of(seen) + state;
    }

    /// The order of the node whose word tells about a run.
    static constexpr unsigned order_of(std::uint32_t run) noexcept {
        return static_cast<unsigned>(std::countr_zero(std::max(run, leaf)));
    }

    static constexpr unsigned top = order_of(Longest);

    /// What the node of a run that is taken says: there is no room.
    static constexpr unsigned state_of_run(std::uint32_t run) noexcept {
        return taken | (order_of(run) + 1);
    }

    /// The node of `order` above the unit `at`.
    [[nodiscard]] word& node(std::uint32_t at, unsigned order) const noexcept {
        return words_[(std::size_t{leaves} + at) >> order];
    }

    /// Units of the range below that node; fewer than 2^order where the range ends.
    static constexpr std::uint32_t size_of(std::uint32_t at, unsigned order) noexcept {
        const std::uint32_t first = at >> order << order;
        return std::min(std::max(Units, first) - first, std::uint32_t{1} << order);
    }

    /// Units that are free in the leaf of `at`, as bits, by its word.
    static constexpr std::uint64_t free_in(std::uint64_t seen, std::uint32_t at) noexcept {
        return ~seen & ones(size_of(at, leaf_order));
    }

    /// Orders by which the largest free run of that node falls short of all, by its word; one more
    /// than its order if there is none.
    static constexpr unsigned shortfall(std::uint64_t seen, std::uint32_t at,
                                        unsigned order) noexcept {
        if (order == leaf_order) {
            unsigned orders = 0;
            for (std::uint64_t free = free_in(seen, at); free != 0; ++orders) {
                free = paired(free, orders);
            }
            return order + 1 - orders;
        }
        const unsigned said = state_of(seen) & ~taken;
        if constexpr (Units == leaves) { return said; }
        const auto orders = static_cast<unsigned>(std::bit_width(size_of(at, order)));
        return std::max(said, order + 1 - orders); // of what the range has there
    }

    /// The same as it looked a moment ago.
    [[nodiscard]] unsigned glance(std::uint32_t at, unsigned order) const noexcept {
        return shortfall(node(at, order).load(std::memory_order_relaxed), at, order);
    }

    /// The step behind that node.
    static constexpr std::size_t after(std::size_t step, unsigned order) noexcept {
        return ((step >> order) + 1) << order;
    }

    /// The order of the topmost node that begins at a step: what is above was seen before.
    [[nodiscard]] unsigned first_order(std::size_t step) const noexcept {
        return std::min(top, static_cast<unsigned>(std::countr_zero(step)));
    }

    /// The first step from `step` on whose place seems to have a free run. Steps go from place to
    /// place as these are near to `from`: each is at `step ^ from`, so a node is passed in one go.
    [[nodiscard]] std::size_t next(std::size_t step, std::uint32_t run,
                                   std::uint32_t from) const noexcept {
        const auto run_order = static_cast<unsigned>(std::countr_zero(run));
        while (step < leaves) {
            const auto place = static_cast<std::uint32_t>(step) ^ from;
            unsigned order = first_order(step);
            while (run_order + glance(place, order) <= order) {
                if (order == order_of(run)) { return step; }
                --order;
            }
            step = after(step, order);
        }
        return step;
    }

    /// Takes a free run at `at`, in its own node only. @return Its start, or no_units.
    [[nodiscard]] std::uint32_t hold(std::uint32_t at, std::uint32_t run) noexcept {
        word& own = node(at, order_of(run));
        std::uint64_t seen = own.load(std::memory_order_relaxed);
        // Acquires what give() released, or update(), when this became free.
        if (run > leaf) {
            const bool held =
                state_of(seen) == 0 &&
                own.compare_exchange_strong(seen, changed(seen, state_of_run(run)),
                                            std::memory_order_acquire, std::memory_order_relaxed);
            return held ? at : no_units;
        }
        for (;;) {
            std::uint64_t free = free_in(seen, at);
            for (unsigned n = 0; 1U << n < run; ++n) { free = paired(free, n); }
            if (free == 0) { return no_units; }
            const auto bit = static_cast<std::uint32_t>(std::countr_zero(free));
            if (own.compare_exchange_weak(seen, seen | bits_of(bit, run), std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
                return at + bit;
            }
        }
    }

    /// Brings all nodes above a run up to date, up to the first that is taken.
    /// @return The order of that one; beyond top if there was none.
    unsigned update(std::uint32_t at, std::uint32_t run) noexcept {
        for (unsigned order = order_of(run) + 1; order <= top; ++order) {
            word& above = node(at, order);
            // Acquires what the swap before released, or give(): so joined() sees halves no older
            // than that swap did, and nobody writes any more in a run that came back as this node.
            // A taken node is swapped too, so that who updates it later sees these halves.
            std::uint64_t seen = above.load(std::memory_order_acquire);
            unsigned state = 0;
            do {
                state = (state_of(seen) & taken) != 0 ? state_of(seen) : joined(at, order);
            } while (!above.compare_exchange_weak(
                seen, changed(seen, state), std::memory_order_release, std::memory_order_acquire));
            if ((state & taken) != 0) { return order; }
        }
        return top + 1;
    }

    /// The state of the node of `order` above `at`, as its halves have it.
    [[nodiscard]] unsigned joined(std::uint32_t at, unsigned order) const noexcept {
        const std::uint32_t at_left = at >> order << order;
        const std::uint32_t at_right = at_left + (std::uint32_t{1} << --order);
        // Acquires what give() released, or update() further down, to hand it on to hold().
        const std::uint64_t left = node(at_left, order).load(std::memory_order_acquire);
        const std::uint64_t right = node(at_right, order).load(std::memory_order_acquire);
        const unsigned a = shortfall(left, at_left, order);
        const unsigned b = shortfall(right, at_right, order);
        // One order up the same run falls one order shorter, unless both halves are whole.
        return (a | b) == 0 ? 0 : std::min(a, b) + 1;
    }

    word* words_;
};

} // namespace alloy::inline ALLOY_ABI
