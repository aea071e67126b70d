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

#include <alloy/core/bits.hpp>
#include <alloy/core/extent.hpp>

#include <algorithm>
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

    /// The longest run of an empty range.
    [[nodiscard]] static constexpr std::uint32_t longest(std::uint32_t units) noexcept {
        return units;
    }

    /// Makes every unit free. @pre `words` are zero. @complexity O(1).
    void format(std::span<std::uint32_t> words, std::uint32_t units) noexcept {
        words_ = words.data();
        units_ = units;
        first_ = 0;
        free_ = units;
        if (units % 32 != 0) { words_[units / 32] |= full << units % 32; } // no units: taken
    }

    /// Goes on with words that were formatted for as many units. @complexity O(n / 32).
    void attach(std::span<std::uint32_t> words, std::uint32_t units) noexcept {
        format(words, units);
        free_ = 0;
        for (std::size_t i = 0; i < metadata_words(units); ++i) {
            free_ += static_cast<std::uint32_t>(std::popcount(~words_[i]));
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

    /// Takes the `n` lowest free units and calls `visit(unit)` for each, rising. @pre `n <=
    /// free()`.
    /// @complexity O(n), and as take_one().
    template <class Visit>
    void take_lowest(std::uint32_t n, Visit visit) noexcept {
        take_from(first_, metadata_words(units_), n, visit);
    }

    /// Takes the next free units, at most `n`, from the start of `word` on and in front of the word
    /// `end`, calls `visit(unit)` for each, rising, and leaves `word` where to go on.
    /// @complexity O(n + words passed over).
    template <class Visit>
    void take_from(std::uint32_t& word, std::size_t end, std::uint32_t n, Visit visit) noexcept {
        const std::uint32_t wanted = n;
        for (; word < end && n != 0; ++word) {
            std::uint32_t room = ~words_[word];
            const std::uint32_t from = word * 32;
            for (; room != 0 && n != 0; room &= room - 1, --n) {
                visit(from + static_cast<std::uint32_t>(std::countr_zero(room)));
            }
            words_[word] = ~room;
            if (room != 0) { break; }
        }
        if (n != wanted) { free_ -= wanted - n; }
    }

    /// Takes the lowest free run of `units` that starts at a multiple of `align`.
    /// @pre `units > 0`. @complexity O(n / 32), and O(1) for each free run that is too short.
    [[nodiscard]] std::uint32_t take(std::uint32_t units, std::uint32_t align) noexcept {
        if (units > free_) { return no_units; }
        if (units == 1 && align == 1) { return take_one(); }
        for (std::size_t at = std::size_t{first_} * 32;;) {
            at = detail::round_up(find(at, units_, free_bit), align);
            if (at + units > units_) { return no_units; }
            const std::size_t taken = find(at, at + units, taken_bit);
            if (taken == at + units) {
                const auto from = static_cast<std::uint32_t>(at);
                each_word(from, units,
                          [](std::uint32_t& word, std::uint32_t run) noexcept { word |= run; });
                free_ -= units;
                return from;
            }
            at = taken;
        }
    }

    /// Frees the run at `at`. @pre `is_taken(at, units)`. @complexity O(units / 32).
    void give(std::uint32_t at, std::uint32_t units) noexcept {
        each_word(at, units, [](std::uint32_t& word, std::uint32_t run) noexcept { word &= ~run; });
        free_ += units;
        first_ = std::min(first_, at / 32);
    }

    /// Frees `n` units; the i-th is `unit(i)`. @pre Each is taken. @complexity O(n).
    template <class Unit>
    [[gnu::always_inline]] void give_each(std::uint32_t n, Unit unit) noexcept {
        std::uint32_t* const words = words_; // the words could alias the members
        std::uint32_t first = first_;
        for (std::uint32_t i = 0; i < n; ++i) {
            const std::uint32_t at = unit(i);
            words[at / 32] &= ~(std::uint32_t{1} << at % 32);
            first = std::min(first, at / 32);
        }
        first_ = first;
        free_ += n;
    }

    /// True if every unit of the run is taken. @complexity O(units / 32).
    [[nodiscard]] bool is_taken(std::uint32_t at, std::uint32_t units) const noexcept {
        if (at > units_ || units > units_ - at) { return false; }
        const std::size_t end = std::size_t{at} + units;
        return find(at, end, free_bit) == end;
    }

    /// The first taken unit from `at` on; units() if there is none. @complexity O(n / 32).
    [[nodiscard]] std::uint32_t next_taken(std::uint32_t at) const noexcept {
        return static_cast<std::uint32_t>(find(at, units_, taken_bit));
    }

    /// Calls `visit(at, units)` for each free run, rising. @complexity O(n / 32), and O(1) a run.
    template <class Visit>
    void each_free(Visit visit) const {
        for (std::size_t at = std::size_t{first_} * 32; at < units_;) {
            const std::size_t from = find(at, units_, free_bit);
            at = find(from, units_, taken_bit);
            if (at != from) {
                visit(static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(at - from));
            }
        }
    }

    /// Units of the longest free run. @complexity As each_free().
    [[nodiscard]] std::uint32_t largest() const noexcept {
        std::uint32_t longest = 0;
        each_free([&](std::uint32_t /*at*/, std::uint32_t n) { longest = std::max(longest, n); });
        return longest;
    }

    [[nodiscard]] std::uint32_t units() const noexcept { return units_; } ///< In the range.
    [[nodiscard]] std::uint32_t free() const noexcept { return free_; }   ///< Units not taken.

private:
    static constexpr std::uint32_t full = UINT32_MAX;
    static constexpr std::uint32_t free_bit = 0;
    static constexpr std::uint32_t taken_bit = 1;

    /// The first unit in [at, end) whose bit is `bit`; `end` if there is none.
    [[nodiscard]] std::size_t find(std::size_t at, std::size_t end,
                                   std::uint32_t bit) const noexcept {
        while (at < end) {
            // In `rest` a set bit is one to pass over, and the bits shifted in are none.
            const std::uint32_t rest = (words_[at / 32] ^ (0 - bit)) >> at % 32;
            const auto run = static_cast<std::size_t>(std::countr_one(rest));
            if (at % 32 + run != 32) { return std::min(at + run, end); }
            at += run;
        }
        return end;
    }

    /// Calls `change(word, run)` for each word that has a part of the run at `at`, as a mask.
    template <class Change>
    void each_word(std::uint32_t at, std::uint32_t units, Change change) noexcept {
        while (units != 0) {
            const std::uint32_t here = std::min(units, 32 - at % 32);
            change(words_[at / 32], full >> (32 - here) << at % 32);
            at += here;
            units -= here;
        }
    }

    std::uint32_t* words_ = nullptr;
    std::uint32_t units_ = 0;
    std::uint32_t first_ = 0; // every word below is full
    std::uint32_t free_ = 0;
};

static_assert(listing_extent<bit_extent>);

} // namespace alloy::inline ALLOY_ABI
