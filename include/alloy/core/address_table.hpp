// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::address_table`: what is known of an address, kept away from it.
///
///     heads_   |   | 3 |   |   | 2 |   |   |   |      home(at) --> the first record of its chain
///                    v           '--------.
///     records_ | 1: at, ... | 2: at, ... | 3: at, chain 1, ... |      |      |
///                 ^-------------------------------------'
///
/// A hash table with a chain for each home, as long as one record on average when all are taken.
/// Records have numbers, which stay when the table doubles, so that lists may run through them.
/// Room is made by reserve(), which alone can fail.

#include <alloy/core/bits.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/zero.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// What a record in an address_table begins with.
struct addressed {
    void* at = nullptr; ///< Null: free.
    std::uint32_t chain =
        0;                  ///< The table's: the number of the next in the chain, or of those free.
    std::uint32_t link = 0; ///< The user's: the number of some other record.
};

/// Maps addresses other than null to a `Record` each.
///
/// @tparam Record Trivially copyable, fine as zeros.
/// @tparam Source Where the table comes from: a `Record` and four bytes for each that it has had
///                at once, rounded up to a power of two.
/// @threads None.
template <std::derived_from<addressed> Record, policy Source>
class address_table {
    static_assert(std::is_trivially_copyable_v<Record>);
    static_assert(alignof(Record) <= Source::max_align,
                  "alloy: the policy cannot align a table of addresses");

public:
    constexpr address_table() = default;
    address_table(const address_table&) = delete;
    address_table& operator=(const address_table&) = delete;
    ~address_table() {
        if (records_ != nullptr) { source_.get().deallocate(records_, table_of(slots_)); }
    }

    /// Makes room for one more. @return False, and nothing has changed, if the source is out.
    /// @complexity Amortised O(1).
    [[nodiscard]] bool reserve() noexcept { return free_ != 0 || fresh_ != slots_ || grow(); }

    /// Adds a record. @pre Its address has none, and reserve() was true since the last insert().
    void insert(const Record& what) noexcept {
        const std::uint32_t number = free_ != 0 ? free_ : ++fresh_;
        Record& into = (*this)[number];
        if (number == free_) { free_ = into.chain; }
        into = what;
        push(number);
    }

    /// The record of `at`, or null. @return Valid until the next reserve(). @complexity Expected
    /// O(1).
    [[nodiscard]] Record* find(const void* at) const noexcept {
        if (records_ == nullptr) { return nullptr; }
        for (std::uint32_t each = heads_[home(at)]; each != 0; each = (*this)[each].chain) {
            if ((*this)[each].at == at) { return &(*this)[each]; }
        }
        return nullptr;
    }

    /// Forgets a record. @complexity Expected O(1).
    void erase(Record& gone) noexcept {
        const std::uint32_t number = number_of(gone);
        std::uint32_t* to = &heads_[home(gone.at)];
        while (*to != number) { to = &(*this)[*to].chain; }
        *to = gone.chain;
        gone.at = nullptr;
        gone.chain = std::exchange(free_, number);
    }

    /// A record's number: never 0, and its own as long as it is here.
    [[nodiscard]] std::uint32_t number_of(const Record& of) const noexcept {
        return static_cast<std::uint32_t>(&of - records_) + 1;
    }
    [[nodiscard]] Record& operator[](std::uint32_t number) const noexcept {
        return records_[number - 1];
    }

    /// Calls `visit(record)` for every one, in no order; it must not change which there are.
    /// @complexity O(slots).
    template <class Visit>
    void for_each(Visit visit) const {
        for (const Record& each : std::span(records_, fresh_)) {
            if (each.at != nullptr) { visit(each); }
        }
    }

    /// Bytes of the table.
    [[nodiscard]] std::size_t bytes() const noexcept { return table_of(slots_).size; }

private:
    static constexpr std::uint32_t first_slots = 128;

    [[nodiscard]] std::size_t home(const void* at) const noexcept {
        return address(at) * golden >> shift_; // Fibonacci hashing
    }

    void push(std::uint32_t number) noexcept {
        Record& each = (*this)[number];
        each.chain = std::exchange(heads_[home(each.at)], number);
    }

    static constexpr layout table_of(std::size_t slots) noexcept {
        return {slots * (sizeof(Record) + sizeof(std::uint32_t)), alignof(Record)};
    }

    [[gnu::noinline, gnu::cold]] bool grow() noexcept {
        auto&& source = source_.get();
        const std::uint32_t wider = slots_ == 0 ? first_slots : 2 * slots_;
        if (wider == 0) { return false; } // no more numbers
        void* const whole = allocate_zeroed(source, table_of(wider));
        if (whole == nullptr) { return false; }
        const std::span<Record> old(records_, slots_);
        records_ = static_cast<Record*>(whole);
        heads_ = reinterpret_cast<std::uint32_t*>(records_ + wider);
        slots_ = wider;
        shift_ = 64 - static_cast<unsigned>(std::countr_zero(wider));
        std::copy_n(old.begin(), fresh_, records_);
        for (std::uint32_t number = 1; number <= fresh_; ++number) {
            if ((*this)[number].at != nullptr) { push(number); }
        }
        if (!old.empty()) { source.deallocate(old.data(), table_of(old.size())); }
        return true;
    }

    Record* records_ = nullptr;
    std::uint32_t* heads_ = nullptr; // as many, behind them
    std::uint32_t slots_ = 0;
    std::uint32_t shift_ = 0;
    std::uint32_t fresh_ = 0; // records that were ever taken
    std::uint32_t free_ = 0;  // the first of those that are free again
    [[no_unique_address]] member<Source, address_table> source_{std::in_place};
};

} // namespace alloy::inline ALLOY_ABI::detail
