// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::address_table`: what is known of an address, kept away from it.
///
///     heads_    |    |  o |    |  o |    |    |    |    |      home(at) --> the first of its chain
///                       '------.  '-----------.
///     chunks_   [ at, chain, ... | at, chain, ... | at, chain, ... |  free  |  free  ]
///                        '------------------------^                       free_
///
/// A hash table with a chain for each home, as long as one record on average when all are taken.
/// Records stay where they are when heads double, so that lists may run through them. Room is made
/// by grow(), which alone can fail.

#include <alloy/core/assert.hpp>
#include <alloy/core/bits.hpp>
#include <alloy/core/chunk.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/zero.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// What a record in an address_table begins with.
struct addressed {
    void* at;
    addressed* chain; ///< The next of the same home, or of those that are free.
};

/// Maps addresses to a `Record` each.
///
/// @tparam Record Trivially destructible, `addressed` its first base.
/// @tparam Source Where records come from, up to 64 KiB at once, and one or two pointers beside
///                each, all at once; without those, chains are longer.
/// @threads None.
template <std::derived_from<addressed> Record, policy Source>
class address_table {
    static_assert(std::is_trivially_destructible_v<Record>);
    static_assert(alignof(Record) <= Source::max_align && sizeof(chunk) % alignof(Record) == 0,
                  "alloy: the policy cannot align a table of addresses");

public:
    constexpr address_table() = default;
    address_table(const address_table&) = delete;
    address_table& operator=(const address_table&) = delete;
    ~address_table() {
        give_back(heads_);
        chunks_.release(source_.get(), alignof(Record));
    }

    /// True if a record can only be added after grow().
    [[nodiscard]] bool full() const noexcept { return free_ == nullptr; }

    /// Makes room for more. @return False if it is full() then: when the source is out, which
    /// changes nothing, or when whoever the source calls back has used up what came.
    /// @complexity O(records).
    [[nodiscard, gnu::noinline, gnu::cold]] bool grow() noexcept {
        auto&& source = source_.get();
        const std::size_t bytes = std::clamp(chunks_.bytes(), least_chunk, largest_chunk);
        chunk* const fresh = chunks_.acquire(source, bytes, alignof(Record));
        if (fresh == nullptr) { return !full(); } // its handler may have erased some
        const auto room = static_cast<std::size_t>(fresh->end() - fresh->begin());
        unpoison(fresh->begin(), room);
        for (std::size_t i = room / sizeof(Record); i > 0; --i) {
            free_ = ::new (fresh->begin() + (i - 1) * sizeof(Record)) addressed{nullptr, free_};
        }
        records_ += room / sizeof(Record);
        if (records_ > heads_.size()) { widen(); }
        return !full();
    }

    /// Adds a record that consists of its address and `rest`. @pre The address has none, and the
    /// table is not full(). @complexity O(1).
    template <class... Rest>
    Record& insert(void* at, const Rest&... rest) noexcept {
        addressed* const place = free_;
        free_ = place->chain;
        addressed*& head = heads_[home(at)];
        auto* const fresh = ::new (static_cast<void*>(place)) Record{{at, head}, rest...};
        ALLOY_ASSERT(static_cast<addressed*>(fresh) == place);
        head = fresh;
        return *fresh;
    }

    /// Where a pointer to the record of `at` lies, or null where there is none. @return Valid until
    /// the next change. @complexity Expected O(1).
    [[nodiscard]] addressed*& find(const void* at) const noexcept {
        addressed** to = &heads_[home(at)];
        while (*to != nullptr && (*to)->at != at) { to = &(*to)->chain; }
        return *to;
    }

    /// Forgets the record that find() has found. @complexity O(1).
    void erase(addressed*& found) noexcept {
        addressed* const gone = found;
        found = gone->chain;
        gone->chain = std::exchange(free_, gone);
    }

    /// Calls `visit(record)` for every one, in no order; it must not change which there are.
    /// @complexity O(records).
    template <class Visit>
    void for_each(Visit visit) const {
        for (const addressed* each : heads_) {
            for (; each != nullptr; each = each->chain) {
                visit(static_cast<const Record&>(*each));
            }
        }
    }

    /// Bytes from the source.
    [[nodiscard]] std::size_t bytes() const noexcept {
        const std::size_t chunks = chunks_.bytes();
        return is_own(heads_) ? chunks
                              : chunks + good_size(source_.get(), heads_for(heads_.size()));
    }

private:
    using row = std::span<addressed*>;
    static constexpr std::size_t least_chunk = std::size_t{1} << 12U;
    static_assert(sizeof(chunk) + sizeof(Record) <= least_chunk);
    static constexpr std::size_t largest_chunk = std::size_t{1} << 16U;

    [[nodiscard]] std::size_t home(const void* at) const noexcept {
        return address(at) * golden >> shift_; // Fibonacci hashing
    }

    /// As many heads as records, at least; if the source is out, chains are longer instead.
    void widen() noexcept {
        auto&& source = source_.get();
        const std::size_t count = std::bit_ceil(records_);
        void* const zeros = allocate_zeroed(source, heads_for(count));
        if (zeros == nullptr) { return; }
        if (count <= heads_.size()) { // they doubled meanwhile
            source.deallocate(zeros, heads_for(count));
            return;
        }
        const row before = std::exchange(heads_, row(static_cast<addressed**>(zeros), count));
        shift_ = 64 - static_cast<unsigned>(std::countr_zero(count));
        for (addressed* each : before) {
            while (each != nullptr) {
                addressed* const moved = std::exchange(each, each->chain);
                moved->chain = std::exchange(heads_[home(moved->at)], moved);
            }
        }
        give_back(before);
    }

    [[nodiscard]] bool is_own(row heads) const noexcept { return heads.data() == few_.data(); }
    [[nodiscard]] static constexpr layout heads_for(std::size_t count) noexcept {
        return {count * sizeof(addressed*), alignof(addressed*)};
    }
    void give_back(row heads) noexcept {
        if (!is_own(heads)) { source_.get().deallocate(heads.data(), heads_for(heads.size())); }
    }

    std::array<addressed*, 2> few_{}; // heads to begin with
    row heads_{few_};
    unsigned shift_ = 63;
    addressed* free_ = nullptr;
    std::size_t records_ = 0; // all of them
    chunk_list chunks_;
    [[no_unique_address]] member<Source, address_table> source_{std::in_place};
};

} // namespace alloy::inline ALLOY_ABI::detail
