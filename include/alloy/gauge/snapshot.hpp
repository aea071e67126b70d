// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::snapshot`: a composition at one moment, as observe() saw it.

#include <alloy/core/account.hpp>
#include <alloy/core/reading.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string_view>

namespace alloy::inline ALLOY_ABI {

/// Bytes, or differences of bytes, by what they are for: `taken` is the sum of the others.
template <class Number>
struct basic_byte_split {
    Number taken{};     ///< Where memory enters the program.
    Number requested{}; ///< In live blocks, as asked; without a `counted` on top all that is out.
    Number rounding{};  ///< In live blocks, beyond what was asked: good_size.
    Number gaps{};      ///< Around blocks: padding, affixes, and what an arena cannot use again.
    Number metadata{};
    Number cached{};
    Number trapped{};
    Number fresh{};

    /// Calls `visit(name, bytes)` for every part but `taken`.
    constexpr void for_each_part(auto visit) const {
        visit("requested", requested);
        visit("rounding", rounding);
        visit("gaps", gaps);
        visit("metadata", metadata);
        visit("cached", cached);
        visit("trapped", trapped);
        visit("fresh", fresh);
    }

    /// Bytes of all parts.
    [[nodiscard]] constexpr Number sum() const {
        Number all{};
        for_each_part([&](std::string_view /*name*/, Number part) { all += part; });
        return all;
    }

    friend constexpr bool operator==(const basic_byte_split&, const basic_byte_split&) = default;
};
using byte_split = basic_byte_split<std::size_t>;
using byte_change = basic_byte_split<std::ptrdiff_t>;

/// What became more, and what less.
[[nodiscard]] constexpr byte_change operator-(const byte_split& now,
                                              const byte_split& before) noexcept {
    const auto change = [](std::size_t a, std::size_t b) {
        return static_cast<std::ptrdiff_t>(a) - static_cast<std::ptrdiff_t>(b);
    };
    return {change(now.taken, before.taken),       change(now.requested, before.requested),
            change(now.rounding, before.rounding), change(now.gaps, before.gaps),
            change(now.metadata, before.metadata), change(now.cached, before.cached),
            change(now.trapped, before.trapped),   change(now.fresh, before.fresh)};
}

/// One policy of a composition.
struct layer_view {
    std::string_view name;        ///< Empty for what was looked at before, through another handle.
    unsigned depth = 0;           ///< Policies above it.
    byte_account account;         ///< All zero for one that keeps no bytes.
    reading counts;               ///< All zero for one that is no `counted`.
    std::size_t largest_free = 0; ///< Bytes of the largest block that it could hand out without
                                  ///< its upstream; 0 if that is unknown.

    friend constexpr bool operator==(const layer_view&, const layer_view&) = default;
};

/// One size of blocks that a policy keeps apart.
struct bin_view {
    std::size_t layer = 0; ///< Index of the policy.
    std::size_t size = 0;  ///< Bytes of a block; 0 for what was looked at before.
    std::size_t free = 0;  ///< Blocks.
    std::size_t live = 0;  ///< Blocks out of this policy, some maybe in a cache above it; or
                           ///< `bin_account::unknown`.

    /// Of its blocks, the share that is out; no number (NaN) if that is unknown or it has none.
    [[nodiscard]] constexpr double occupancy() const noexcept {
        if (live == bin_account::unknown || live + free == 0) {
            return std::numeric_limits<double>::quiet_NaN();
        }
        return static_cast<double>(live) / static_cast<double>(live + free);
    }

    friend constexpr bool operator==(const bin_view&, const bin_view&) = default;
};

/// A composition at one moment.
template <std::size_t Layers, std::size_t Bins>
struct snapshot {
    byte_split bytes;
    std::array<layer_view, Layers> layers; ///< Each followed by its upstreams.
    std::array<bin_view, Bins> bins;
    bool exact = true;    ///< Every source accounts for itself, or has a `counted` above it. If
                          ///< not, what passes all policies on its way there is missing.
    bool counted = false; ///< A `counted` on top told what was asked for.

    /// Of the bytes in live blocks, the share that nobody asked for.
    [[nodiscard]] constexpr double internal_fragmentation() const noexcept {
        return share(bytes.rounding + bytes.gaps, bytes.requested + bytes.rounding + bytes.gaps);
    }

    /// Of the free bytes, the share that the largest block which could be had leaves over; 0 if no
    /// policy is bounded.
    [[nodiscard]] constexpr double external_fragmentation() const noexcept {
        const std::size_t free = bytes.cached + bytes.trapped + bytes.fresh;
        const std::size_t largest = largest_free();
        return largest == 0 || largest > free ? 0 : share(free - largest, free);
    }

    /// Bytes of the largest block that could be had without a source; 0 if that is unknown.
    [[nodiscard]] constexpr std::size_t largest_free() const noexcept {
        std::size_t largest = 0;
        for (const layer_view& each : layers) { largest = std::max(largest, each.largest_free); }
        return largest;
    }

    friend constexpr bool operator==(const snapshot&, const snapshot&) = default;

private:
    static constexpr double share(std::size_t part, std::size_t whole) noexcept {
        return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    }
};

} // namespace alloy::inline ALLOY_ABI
