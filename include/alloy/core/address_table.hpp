// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::address_table`: what is known of an address, kept away from it.
///
///     home(at)
///        v
///     | at0 | at1 | at2 |     | at3 |     |     | at4 |      at most three quarters full
///        '-- value of each beside it
///
/// A hash table with open addressing: an entry stands in the first free slot from its home on, and
/// one that goes lets those behind it close up, so that a search ends at the first free slot. Room
/// is made by reserve(), which alone can fail.

#include <alloy/core/bits.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/zero.hpp>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// Maps addresses other than null to a `Value` each.
///
/// @tparam Value  Trivially copyable.
/// @tparam Source Where the table comes from: a pointer and a `Value` for each slot.
/// @threads None.
/// @source  Deletion without marks: D. E. Knuth, The Art of Computer Programming vol. 3, 6.4 R.
template <class Value, policy Source>
class address_table {
    struct entry {
        void* at; ///< Null: free.
        Value value;
    };
    static_assert(std::is_trivially_copyable_v<Value>);
    static_assert(alignof(entry) <= Source::max_align,
                  "alloy: the policy cannot align a table of addresses");

public:
    /// Bytes of one slot.
    static constexpr std::size_t slot_size = sizeof(entry);

    constexpr address_table() = default;
    address_table(const address_table&) = delete;
    address_table& operator=(const address_table&) = delete;
    ~address_table() {
        if (slots_ != nullptr) { source_.get().deallocate(slots_, table_of(slots())); }
    }

    /// Makes room for one more. @return False, and nothing has changed, if the source is out.
    /// @complexity Amortised O(1).
    [[nodiscard]] bool reserve() noexcept { return (size_ + 1) * 4 <= slots() * 3 || grow(); }

    /// Adds an address. @pre It is not there, and reserve() was true since the last insert().
    void insert(void* at, const Value& value) noexcept {
        std::size_t i = home(at);
        while (slots_[i].at != nullptr) { i = next(i); }
        slots_[i] = {at, value};
        ++size_;
    }

    /// What is known of `at`, or null. @return Valid until the next insert, erase or reserve.
    /// @complexity Expected O(1).
    [[nodiscard]] Value* find(const void* at) const noexcept {
        entry* const found = size_ == 0 ? nullptr : slot_of(at);
        return found == nullptr ? nullptr : &found->value;
    }

    /// Forgets the address of what find() answered.
    void erase(const Value* found) noexcept {
        std::size_t hole = (address(found) - address(slots_)) / sizeof(entry);
        for (std::size_t i = next(hole); slots_[i].at != nullptr; i = next(i)) {
            if (distance(home(slots_[i].at), i) < distance(hole, i)) { continue; }
            slots_[hole] = slots_[i];
            hole = i;
        }
        slots_[hole].at = nullptr;
        --size_;
    }

    /// Calls `visit(at, value)` for every address, in no order; it must not change which there are.
    /// @complexity O(slots).
    template <class Visit>
    void for_each(Visit visit) const {
        for (std::size_t i = 0; i < slots(); ++i) {
            if (slots_[i].at != nullptr) { visit(slots_[i].at, slots_[i].value); }
        }
    }

    /// Addresses in the table.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Bytes of the table.
    [[nodiscard]] std::size_t bytes() const noexcept { return table_of(slots()).size; }

private:
    static constexpr unsigned first_bits = 7;

    [[nodiscard]] std::size_t slots() const noexcept {
        return slots_ == nullptr ? 0 : std::size_t{1} << bits_;
    }
    [[nodiscard]] std::size_t home(const void* at) const noexcept {
        return address(at) * golden >> (64 - bits_); // Fibonacci hashing
    }
    [[nodiscard]] std::size_t next(std::size_t i) const noexcept { return (i + 1) & (slots() - 1); }
    [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const noexcept {
        return (to - from) & (slots() - 1);
    }

    [[nodiscard]] entry* slot_of(const void* at) const noexcept {
        for (std::size_t i = home(at); slots_[i].at != nullptr; i = next(i)) {
            if (slots_[i].at == at) { return &slots_[i]; }
        }
        return nullptr;
    }

    static constexpr layout table_of(std::size_t slots) noexcept {
        return {slots * sizeof(entry), alignof(entry)};
    }

    [[gnu::noinline, gnu::cold]] bool grow() noexcept {
        auto&& source = source_.get();
        const unsigned bits = slots_ == nullptr ? first_bits : bits_ + 1;
        void* const wider = allocate_zeroed(source, table_of(std::size_t{1} << bits));
        if (wider == nullptr) { return false; }
        const std::span<entry> old(slots_, slots());
        slots_ = static_cast<entry*>(wider);
        bits_ = bits;
        size_ = 0;
        for (const entry& each : old) {
            if (each.at != nullptr) { insert(each.at, each.value); }
        }
        if (!old.empty()) { source.deallocate(old.data(), table_of(old.size())); }
        return true;
    }

    entry* slots_ = nullptr;
    std::size_t size_ = 0;
    unsigned bits_ = first_bits;
    [[no_unique_address]] member<Source, address_table> source_{std::in_place};
};

} // namespace alloy::inline ALLOY_ABI::detail
