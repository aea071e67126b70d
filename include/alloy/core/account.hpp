// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::byte_account`: what became of the bytes that a policy took from its upstreams.
///
///     | metadata | used | trapped | used |     | metadata | cached |     | metadata | fresh ... |
///     '----- chunk with live blocks -----'     '- chunk without -'      '- not carved so far --'
///
/// A policy that keeps bytes says what for; one that is made of others says of which. Each is one
/// member, read by `observe`, and neither costs anything until then.

#include <alloy/core/policy.hpp>

#include <concepts>
#include <cstddef>

namespace alloy::inline ALLOY_ABI {

/// Bytes, each counted once. What a policy passes on without keeping it is in none of them.
struct byte_account {
    std::size_t taken = 0;    ///< From the upstreams, and kept or handed out in pieces.
    std::size_t metadata = 0; ///< Of `taken`: headers, tables, margins.
    std::size_t cached = 0;   ///< Of `taken`: free, and in no chunk that has a live block.
    std::size_t trapped = 0;  ///< Of `taken`: free beside live blocks.
    std::size_t fresh = 0;    ///< Of `taken`: never handed out.
    std::size_t aside = 0;    ///< Besides: tables that come from elsewhere.

    /// Of `taken`: in blocks that are out, with the gaps between them.
    [[nodiscard]] constexpr std::size_t used() const noexcept {
        return taken - metadata - cached - trapped - fresh;
    }

    friend constexpr bool operator==(const byte_account&, const byte_account&) = default;
};

/// Blocks of one size.
struct bin_account {
    static constexpr std::size_t unknown = ~std::size_t{};

    std::size_t size;           ///< Bytes of a block.
    std::size_t free;           ///< Blocks that came back, or were cut in advance.
    std::size_t live = unknown; ///< Blocks that are out, if the policy can tell.
};

/// A policy that keeps bytes and knows what for. `account()` is for the owner; it may take
/// O(n log n) in the free blocks and leave their lists in address order.
template <class P>
concept accounting_policy = policy<P> && requires(P& p) {
    { p.account() } noexcept -> std::same_as<byte_account>;
};

/// A policy that keeps blocks apart by size, in `bins` bins.
template <class P>
concept binning_policy = policy<P> && requires(const P& p, std::size_t i) {
    { std::size_t{P::bins} };
    { p.bin(i) } noexcept -> std::same_as<bin_account>;
};

/// The account of a policy that keeps nothing but its bins.
template <class P>
[[nodiscard]] constexpr byte_account kept_in_bins(const P& p) noexcept {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < P::bins; ++i) { bytes += p.bin(i).free * p.bin(i).size; }
    return {.taken = bytes, .cached = bytes};
}

/// Policies, as a list.
template <policy... P>
struct policies {};

/// A policy made of others: `upstreams` lists them, and `each_upstream(visit)` visits each; one
/// that cannot visit all that it has of one says `shows_part`.
template <class P>
concept composed_policy = policy<P> && requires { typename P::upstreams; };

} // namespace alloy::inline ALLOY_ABI
