// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bit_extent`: one bit a unit, lowest free unit first.
///
///     words:  1 1 1 0 1 1 0 0 0 0 0 0 ...      1 = taken
///                   ^ the next single unit; a run of three starts at 6
///
/// All words below `first_` are full, so a single unit is found in the first word that is looked
/// at or in one soon after it.

#include <alloy/core/extent.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace alloy::inline ALLOY_ABI {

/// Divides a range into runs of any length.
///
/// @threads None.
/// @source  P. R. Wilson et al., "Dynamic Storage Allocation: A Survey and Critical Review",
///          IWMM 1995, section 3.8 (bitmapped fits, address-ordered first fit).
class bit_extent {
public:
    /// 32-bit words of metadata for `units` units.
    [[nodiscard]] static constexpr std::size_t metadata_words(std::uint32_t units) noexcept {
        return (std::size_t{units} + 31) / 32;
    }

    /// Makes every unit free. @pre `words` are zero. @complexity O(1).
    void format(std::span<std::uint32_t> words, std::uint32_t units) noexcept {
        words_ = words.data();
        units_ = units;
        first_ = 0;
        free_ = units;
    }

    /// Goes on with words that were formatted for as many units. @complexity O(n / 32).
    void attach(std::span<std::uint32_t> words, std::uint32_t units) noexcept {
        format(words, units);
        for (std::size_t i = 0; i < metadata_words(units); ++i) {
            free_ -= static_cast<std::uint32_t>(std::popcount(words_[i]));
        }
    }

    /// Nothing is rounded; an alignment only chooses the place.
    [[nodiscard]] static constexpr std::uint32_t granted(std::uint32_t units,
                                                         std::uint32_t /*align*/) noexcept {
        return units;
    }

    /// Takes the lowest free unit. @pre `free() > 0`. @complexity O(1) while nothing lower was
    /// freed, else O(n / 32).
    [[nodiscard]] std::uint32_t take_one() noexcept {
        while (words_[first_] == full) { ++first_; }
        const auto bit = static_cast<std::uint32_t>(std::countr_one(words_[first_]));
        words_[first_] |= words_[first_] + 1;
        --free_;
        return first_ * 32 + bit;
    }

    /// Takes the lowest free run of `units`. @complexity O(n).
    [[nodiscard]] std::uint32_t take(std::uint32_t units, std::uint32_t align) noexcept {
        if (units > free_) { return no_units; }
        if (units == 1 && align == 1) { return take_one(); }
        for (std::uint32_t at = 0; at < units_ && units <= units_ - at;) {
            std::uint32_t run = 0;
            while (run < units && !test(at + run)) { ++run; }
            if (run == units) {
                set(at, units);
                free_ -= units;
                return at;
            }
            const std::uint32_t next = at + run + 1;
            at = (next + align - 1) & ~(align - 1);
        }
        return no_units;
    }

    /// Frees the run at `at`. @pre `is_taken(at, units)`. @complexity O(units).
    void give(std::uint32_t at, std::uint32_t units) noexcept {
        for (std::uint32_t i = at; i < at + units; ++i) { words_[i / 32] &= ~(1U << i % 32); }
        free_ += units;
        if (at / 32 < first_) { first_ = at / 32; }
    }

    /// True if every unit of the run is taken. @complexity O(units).
    [[nodiscard]] bool is_taken(std::uint32_t at, std::uint32_t units) const noexcept {
        if (at > units_ || units > units_ - at) { return false; }
        for (std::uint32_t i = at; i < at + units; ++i) {
            if (!test(i)) { return false; }
        }
        return true;
    }

    /// Units of the longest free run. @complexity O(n).
    [[nodiscard]] std::uint32_t largest() const noexcept {
        std::uint32_t longest = 0;
        std::uint32_t run = 0;
        for (std::uint32_t i = 0; i < units_; ++i) {
            run = test(i) ? 0 : run + 1;
            if (run > longest) { longest = run; }
        }
        return longest;
    }

    [[nodiscard]] std::uint32_t units() const noexcept { return units_; } ///< In the range.
    [[nodiscard]] std::uint32_t free() const noexcept { return free_; }   ///< Units not taken.

    /// True if unit `at` is taken.
    [[nodiscard]] bool test(std::uint32_t at) const noexcept {
        return (words_[at / 32] >> at % 32 & 1U) != 0;
    }

private:
    static constexpr std::uint32_t full = UINT32_MAX;

    void set(std::uint32_t at, std::uint32_t units) noexcept {
        for (std::uint32_t i = at; i < at + units; ++i) { words_[i / 32] |= 1U << i % 32; }
    }

    std::uint32_t* words_ = nullptr;
    std::uint32_t units_ = 0;
    std::uint32_t first_ = 0; // every word below is full
    std::uint32_t free_ = 0;
};

static_assert(extent<bit_extent>);

} // namespace alloy::inline ALLOY_ABI
