// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Extents: algorithms that divide a range which they never touch.
///
///     words:  [ u32 | u32 | ... ]     metadata, wherever the caller keeps it; no pointers
///     range:  0 .... units            numbers only: memory, a mapped file, a device
///
/// An extent counts in units from the start of its range. What it knows is in its words alone, so
/// it can be mapped at another address, by another process, and go on.

#include <alloy/core/config.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace alloy::inline ALLOY_ABI {

/// The answer of an extent that has no room.
inline constexpr std::uint32_t no_units = UINT32_MAX;

/// A way to divide a range of `units` units.
///
/// Semantic requirements, for `e` of type `E`:
/// - `E::metadata_words(units)` words hold all that is known; `e.format(words, units)` takes words
///   that are zero and makes the whole range free; `e.attach(words, units)` takes words that were
///   formatted before and goes on from there;
/// - `e.take(n, align)` is the start of a free run of `e.granted(n, align)` units, a multiple of
///   `align` (a power of two), now taken; or `no_units`, and nothing has changed;
/// - `e.give(at, n)` frees the run at `at`; `n` is what `granted` said;
/// - `e.is_taken(at, n)` is true for a run that was taken and not given since, and false for one
///   with a free unit in it; an extent that knows where runs begin is true for nothing else;
/// - `e.free()` is how many units are not taken;
/// - `e.largest()` is the size of the largest free run that take() can serve, and
///   `E::longest(units)` what that is when the whole range is free.
template <class E>
concept extent = std::default_initializable<E> &&
                 requires(E& e, const E& c, std::span<std::uint32_t> words, std::uint32_t n) {
                     { E::metadata_words(n) } noexcept -> std::same_as<std::size_t>;
                     { E::longest(n) } noexcept -> std::same_as<std::uint32_t>;
                     { e.format(words, n) } noexcept;
                     { e.attach(words, n) } noexcept;
                     { e.take(n, n) } noexcept -> std::same_as<std::uint32_t>;
                     { e.give(n, n) } noexcept -> std::same_as<void>;
                     { c.is_taken(n, n) } noexcept -> std::same_as<bool>;
                     { c.granted(n, n) } noexcept -> std::same_as<std::uint32_t>;
                     { c.free() } noexcept -> std::same_as<std::uint32_t>;
                     { c.largest() } noexcept -> std::same_as<std::uint32_t>;
                 };

/// One that can list what is free: `e.each_free(visit)` calls `visit(at, n)` for all units that are
/// not taken, in runs, rising.
template <class E>
concept listing_extent = extent<E> && requires(const E& c) {
    c.each_free([](std::uint32_t /*at*/, std::uint32_t /*n*/) {});
};

} // namespace alloy::inline ALLOY_ABI
