// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::ranged`: an extent and a range of memory make a policy.
///
///     metadata:  [ u32 | u32 | ... ]                      both taken from upstream by the
///     range:     | block | free |    block    |  free |   first request, given back at the end
///                '------- Range.bytes / Range.unit units -------'
///
/// Requests are counted in units and left to the extent; what is larger than `Range.largest`, or
/// more strongly aligned than the range, goes upstream by itself.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/extent.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// The range that a `ranged` divides.
struct range_options {
    std::size_t bytes;               ///< Of the whole range; a multiple of `unit`.
    std::size_t unit = 64;           ///< Bytes of a unit; a power of two.
    std::size_t largest = unlimited; ///< Bytes of the largest request that is met from the range.
    std::size_t align = 4096;        ///< Of the range's start, so the strongest within; bytes.
};

/// Meets requests from one range of `Upstream`'s memory as `Extent` divides it.
///
/// @threads None.
template <extent Extent, range_options Range, policy Upstream>
class ranged {
    static_assert(std::has_single_bit(Range.unit) && Range.bytes > 0 &&
                      Range.bytes % Range.unit == 0,
                  "alloy::ranged: the range is a whole number of units, each a power of two");
    static_assert(Range.bytes / Range.unit < no_units, "alloy::ranged: too many units for 32 bits");
    static_assert(std::has_single_bit(Range.align) && Range.align >= Range.unit &&
                      Range.align <= Upstream::max_align,
                  "alloy::ranged: align is a power of two from a unit to what Upstream can do");
    static constexpr auto units = static_cast<std::uint32_t>(Range.bytes / Range.unit);

public:
    static constexpr std::size_t max_align = Upstream::max_align;
    static constexpr guard_rank outermost_guard = detail::guard_passed_on_v<Upstream>;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, ranged> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        ranged(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    ranged(const ranged&) = delete;
    ranged& operator=(const ranged&) = delete;

    /// Gives range and metadata back, and every block with them.
    ~ranged() {
        detail::close_pool(this);
        if (base_ == nullptr) { return; }
        scan(0);
        upstream_.get().deallocate(words_, metadata);
        upstream_.get().deallocate(base_, range);
    }

    /// Whole units as the extent grants them.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        if (!in_range(want)) { return alloy::good_size(upstream_.get(), want); }
        return std::min(room_in(granted(want)), largest);
    }

    /// @return A block from the range, or from upstream if it is too large for it; null if there
    /// is no room. @complexity As the extent's take().
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (!in_range(want)) [[unlikely]] { return upstream_.get().allocate(want); }
        if (base_ == nullptr && !reserve()) [[unlikely]] { return nullptr; }
        const std::uint32_t at = extent_.take(units_for(want.size), align_units(want));
        if (at == no_units) [[unlikely]] { return nullptr; }
        std::byte* const block = base_ + at * Range.unit;
        const std::size_t good = good_size(want);
        detail::hand_out(this, block, good);
        const std::uint32_t end = at + granted(want);
        if constexpr (detail::redzone != 0) {
            detail::poison(block + good, granted(want) * Range.unit - good);
            if (end > touched_) { scan(end); }
        }
        touched_ = std::max(touched_, end);
        return block;
    }

    /// Gives the block's units back. @complexity As the extent's give().
    /// @pre `at` came from allocate() on this object and is still live: asserted exactly.
    void deallocate(void* at, layout given) noexcept {
        if (!in_range(given)) [[unlikely]] { return upstream_.get().deallocate(at, given); }
        detail::take_back(this, at, good_size(given));
        const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(at) - base_);
        const auto unit = static_cast<std::uint32_t>(offset / Range.unit);
        ALLOY_ASSERT(offset < Range.bytes && offset % Range.unit == 0 &&
                     extent_.is_taken(unit, granted(given)));
        extent_.give(unit, granted(given));
    }

    /// True for every block, where upstream can tell its own from others.
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires owning_policy<Upstream>
    {
        const std::size_t offset = detail::address(at) - detail::address(base_);
        return (base_ != nullptr && offset < Range.bytes) || upstream_.get().owns(at);
    }

    /// Bytes of the largest request that the range could meet now. @complexity O(1).
    [[nodiscard]] std::size_t largest_free() const noexcept {
        return base_ == nullptr ? largest : std::min(room_in(extent_.largest()), largest);
    }

    /// Discards the memory behind what is free, and lets upstream trim. @return 0: the range stays.
    /// @complexity As the extent's each_free(), and a system call a page or more in a row.
    std::size_t trim() noexcept // NOLINT(modernize-use-nodiscard): called for its effect
        requires listing_extent<Extent> && discarding_policy<Upstream>
    {
        auto&& upstream = upstream_.get();
        if (base_ != nullptr) {
            extent_.each_free([&](std::uint32_t at, std::uint32_t n) noexcept {
                const std::uint32_t end = std::min(at + n, touched_);
                if (at < end) {
                    upstream.discard(base_ + at * Range.unit, (end - at) * Range.unit);
                }
            });
        }
        detail::trim_if_able(upstream);
        return 0;
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// Free units above the highest that was ever taken are fresh; the others are trapped while
    /// there is a live block. @complexity As the extent's free().
    [[nodiscard]] byte_account account() const noexcept {
        if (base_ == nullptr) { return {}; }
        const std::size_t free = extent_.free() * Range.unit;
        byte_account sum{.taken = alloy::good_size(upstream_.get(), range) +
                                  alloy::good_size(upstream_.get(), metadata)};
        sum.metadata = sum.taken - Range.bytes;
        sum.fresh = Range.bytes - touched_ * Range.unit;
        (free == Range.bytes ? sum.cached : sum.trapped) = free - sum.fresh;
        return sum;
    }

private:
    static constexpr layout range{Range.bytes, Range.align};
    static constexpr layout metadata{Extent::metadata_words(units) * sizeof(std::uint32_t),
                                     alignof(std::uint32_t)};

    /// Bytes of a request that fills `run` units, with the gap behind it.
    static constexpr std::size_t room_in(std::uint32_t run) noexcept {
        return std::max(run * Range.unit, detail::redzone) - detail::redzone;
    }

    static constexpr std::size_t longest = Extent::longest(units) * Range.unit;
    static constexpr std::size_t largest = std::min(Range.largest, room_in(Extent::longest(units)));
    static constexpr std::size_t strongest = std::min(Range.align, longest);

    /// True for what an empty range could hold, and may.
    static constexpr bool in_range(layout want) noexcept {
        return want.size <= largest && want.align <= strongest;
    }

    /// Units that hold `size` bytes and the gap behind them.
    static constexpr std::uint32_t units_for(std::size_t size) noexcept {
        return static_cast<std::uint32_t>((size + detail::redzone + Range.unit - 1) / Range.unit);
    }

    static constexpr std::uint32_t align_units(layout want) noexcept {
        return static_cast<std::uint32_t>(std::max(want.align / Range.unit, std::size_t{1}));
    }

    [[nodiscard]] constexpr std::uint32_t granted(layout want) const noexcept {
        return extent_.granted(units_for(want.size), align_units(want));
    }

    /// Upstream may call back: when it answers, the range may be there.
    [[gnu::noinline, gnu::cold]] bool reserve() noexcept {
        auto&& upstream = upstream_.get();
        void* const memory = upstream.allocate(range);
        if (memory == nullptr) { return base_ != nullptr; }
        void* const words = base_ == nullptr ? upstream.allocate(metadata) : nullptr;
        if (words == nullptr || base_ != nullptr) {
            if (words != nullptr) { upstream.deallocate(words, metadata); }
            upstream.deallocate(memory, range);
            return base_ != nullptr;
        }
        if constexpr (!zero_fresh_v<Upstream>) { std::memset(words, 0, metadata.size); }
        base_ = static_cast<std::byte*>(memory);
        words_ = static_cast<std::uint32_t*>(words);
        extent_.format({words_, Extent::metadata_words(units)}, units);
        return true;
    }

    /// Under AddressSanitizer, has the units below the next power of two from `end` searched for
    /// pointers; none for 0.
    void scan([[maybe_unused]] std::uint32_t end) noexcept {
        if constexpr (detail::redzone != 0) {
            const auto bytes_to = [](std::size_t to) {
                return to == 0 ? 0 : std::min(std::bit_ceil(to) * Range.unit, Range.bytes);
            };
            const std::size_t before = bytes_to(touched_);
            const std::size_t after = bytes_to(end);
            if (before == after) { return; }
            if (before != 0) { detail::end_scan(base_, before); }
            if (after == 0) { detail::unpoison(base_, before); }
            if (after != 0) { detail::begin_scan(base_, after); }
        }
    }

    std::byte* base_ = nullptr; // null until the first request
    std::uint32_t* words_ = nullptr;
    Extent extent_;
    std::uint32_t touched_ = 0; // units below which every block ever lay
    [[no_unique_address]] detail::member<Upstream, ranged> upstream_;
};

} // namespace alloy::inline ALLOY_ABI
