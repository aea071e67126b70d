// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::buddy_extent` and `alloy::buddy`: runs of a power of two units, split and merged.
///
///     order 3   |               1               |        one byte a node: how far the largest
///     order 2   |       2       |       3       |        free run below falls short of all;
///     order 1   |   4   |   5   |   6   |   7   |        0 = wholly free, order + 1 = none
///     order 0   | 8 | 9 |10 |11 |12 |13 |14 |15 |        unit = leaf
///
/// A request is rounded up to 2^k units and cut from the lowest run that is large enough, halving
/// it; a run that comes back merges with its buddy as long as that is free. Memory of zeros is an
/// empty buddy, so a fresh mapping needs no initialisation however large it is.
///
/// Waste: a request of more than half a unit gets less than twice its size. Metadata: two bytes a
/// unit, and a byte of it is touched only for ranges in use.
///
/// Choose it for mixed sizes from one contiguous range, and where free memory must merge at once:
/// device memory, a file mapping, large buffers. Avoid it for small nodes: a release and a request
/// cost a path through the tree each.

#include <alloy/core/assert.hpp>
#include <alloy/core/extent.hpp>
#include <alloy/core/ranged.hpp>
#include <alloy/source/pages.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace alloy::inline ALLOY_ABI {

/// Divides up to 2^31 units.
///
/// @threads None.
/// @source  K. C. Knowlton, "A Fast Storage Allocator", CACM 8(10), 1965; the tree of maxima as in
///          D. E. Knuth, The Art of Computer Programming vol. 1, exercise 2.5-28 ff. and many
///          since.
class buddy_extent {
public:
    /// 32-bit words of metadata for `units` units.
    [[nodiscard]] static constexpr std::size_t metadata_words(std::uint32_t units) noexcept {
        return (2 * std::size_t{std::bit_ceil(units)} + 3) / 4;
    }

    /// The longest run of an empty range.
    [[nodiscard]] static constexpr std::uint32_t longest(std::uint32_t units) noexcept {
        return std::bit_floor(units);
    }

    /// Makes every unit free. @pre `words` are zero, and `0 < units <= 2^31`. @complexity O(log n).
    void format(std::span<std::uint32_t> words, std::uint32_t units) noexcept {
        attach(words, units);
        // What the tree covers beyond the range has no room, once and for all, and falls short by
        // one more than what is taken, so that is_taken() tells them apart.
        for (std::uint32_t at = units; at != leaves(); at += at & (~at + 1)) {
            const auto order = static_cast<unsigned>(std::countr_zero(at));
            mark(node_of(at, order), static_cast<std::uint8_t>(order + 2));
        }
    }

    /// Goes on with words that were formatted for as many units. @complexity O(1).
    void attach(std::span<std::uint32_t> words, std::uint32_t units) noexcept {
        ALLOY_ASSERT(units > 0 && units <= std::uint32_t{1} << 31U);
        ALLOY_ASSERT(words.size() >= metadata_words(units));
        shortfall_ = reinterpret_cast<std::uint8_t*>(words.data());
        top_ = static_cast<unsigned>(std::countr_zero(std::bit_ceil(units)));
    }

    /// Units that a request really takes: the next power of two.
    [[nodiscard]] static constexpr std::uint32_t granted(std::uint32_t units,
                                                         std::uint32_t align) noexcept {
        const std::uint32_t most = std::uint32_t{1} << 31U;
        const std::uint32_t need = std::max(units, align);
        return need > most ? need : std::bit_ceil(need);
    }

    /// Takes the lowest free run that can hold `units`. @complexity O(log n).
    [[nodiscard]] std::uint32_t take(std::uint32_t units, std::uint32_t align) noexcept {
        const std::uint32_t need = granted(units, align);
        const auto order = static_cast<unsigned>(std::countr_zero(need));
        if (!std::has_single_bit(need) || !has(1, top_, order)) { return no_units; }
        std::size_t node = 1;
        for (unsigned at = top_; at != order;) {
            --at;
            node *= 2;
            if (!has(node, at, order)) { ++node; }
        }
        mark(node, static_cast<std::uint8_t>(order + 1));
        return first_of(node, order);
    }

    /// Frees the run at `at`, and merges. @pre `is_taken(at, units)`. @complexity O(log n).
    void give(std::uint32_t at, std::uint32_t units) noexcept {
        const auto order = static_cast<unsigned>(std::countr_zero(units));
        mark(node_of(at, order), 0);
    }

    /// True exactly if take() returned this run and give() did not get it since. @complexity O(1).
    [[nodiscard]] bool is_taken(std::uint32_t at, std::uint32_t units) const noexcept {
        if (!std::has_single_bit(units) || at % units != 0 || at >= leaves()) { return false; }
        const auto order = static_cast<unsigned>(std::countr_zero(units));
        const std::size_t node = node_of(at, order);
        const bool whole =
            order == 0 || (shortfall_[2 * node] == 0 && shortfall_[2 * node + 1] == 0);
        return whole && shortfall_[node] == order + 1;
    }

    /// Units of the largest free run. @complexity O(1).
    [[nodiscard]] std::uint32_t largest() const noexcept {
        return has(1, top_, 0) ? std::uint32_t{1} << (top_ - shortfall_[1]) : 0;
    }

    /// Calls `visit(at, units)` for each free run, rising. @complexity O(log n) a run.
    template <class Visit>
    void each_free(Visit visit) const {
        each_free_below(1, top_, visit);
    }

    /// Units not taken. @complexity As each_free().
    [[nodiscard]] std::uint32_t free() const noexcept {
        std::uint32_t sum = 0;
        each_free([&](std::uint32_t /*at*/, std::uint32_t n) { sum += n; });
        return sum;
    }

private:
    [[nodiscard]] std::uint32_t leaves() const noexcept { return std::uint32_t{1} << top_; }

    /// True if below `node`, which has order `own`, a run of `order` is free.
    [[nodiscard]] bool has(std::size_t node, unsigned own, unsigned order) const noexcept {
        return order + shortfall_[node] <= own;
    }

    // NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
    void each_free_below(std::size_t node, unsigned own, auto& visit) const {
        if (shortfall_[node] == 0) { return visit(first_of(node, own), std::uint32_t{1} << own); }
        if (!has(node, own, 0)) { return; }
        each_free_below(2 * node, own - 1, visit);
        each_free_below(2 * node + 1, own - 1, visit);
    }

    [[nodiscard]] std::size_t node_of(std::uint32_t at, unsigned order) const noexcept {
        return (std::size_t{leaves()} + at) >> order;
    }

    [[nodiscard]] std::uint32_t first_of(std::size_t node, unsigned order) const noexcept {
        return static_cast<std::uint32_t>((node << order) - leaves());
    }

    /// Sets one node and brings those above it up to date, as far as they change.
    void mark(std::size_t node, std::uint8_t shortfall) noexcept {
        shortfall_[node] = shortfall;
        while (node > 1) {
            const std::uint8_t left = shortfall_[node & ~std::size_t{1}];
            const std::uint8_t right = shortfall_[node | 1U];
            node /= 2;
            // One order up the same run falls one order shorter, unless both halves are whole.
            const auto both =
                static_cast<std::uint8_t>((left | right) == 0 ? 0 : std::min(left, right) + 1);
            if (shortfall_[node] == both) { return; }
            shortfall_[node] = both;
        }
    }

    std::uint8_t* shortfall_ = nullptr; // indexed by node; node 0 is unused
    unsigned top_ = 0;                  // order of the whole tree
};

static_assert(listing_extent<buddy_extent>);

/// Address space for the default range; memory follows as it is touched.
using reserved_pages = pages<pages_options{.reserve = true}>;

/// The buddy system over a range that the first request takes from `Upstream`.
///
/// @threads None.
template <range_options Range =
              range_options{.bytes = std::size_t{1} << 36U, .largest = std::size_t{1} << 25U},
          policy Upstream = reserved_pages>
using buddy = ranged<buddy_extent, Range, Upstream>;

} // namespace alloy::inline ALLOY_ABI
