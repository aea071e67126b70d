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
/// Records stay where they are when heads double, so that lists may run through them. A pool hands
/// the same addresses out again and again: a record that has served its turn is left in its chain,
/// to be found by the next turn, and is taken away when its place is needed.

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

/// Maps addresses to a `Record` each: at most to twice as many as were in use at once, or to 4,096
/// more than those, and a chunk.
///
/// @tparam Record Trivially destructible, `addressed` its first base. Its `spent()` says whether
///                its place may be taken.
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

    /// The record of `at`, spent or not, or null where there is none. @complexity Expected O(1).
    [[nodiscard, gnu::always_inline]] Record* find(const void* at) const noexcept {
        addressed* const first = heads_[home(at)];
        if (first != nullptr && first->at == at) [[likely]] { return static_cast<Record*>(first); }
        return find_behind(first, at);
    }

    /// A new record, of its address and nothing else. @return Null if there is no room, and all
    /// is as before: the source is out, or whoever it calls back has used up what came.
    /// @pre The address has none. @complexity O(1) amortised; O(records) if the source is out and
    /// nearly all records are in use.
    [[nodiscard, gnu::noinline]] Record* add(void* at) noexcept {
        if (free_ == nullptr && !make_room()) { return nullptr; }
        addressed* const place = std::exchange(free_, free_->chain);
        addressed*& head = heads_[home(at)];
        auto* const fresh = ::new (static_cast<void*>(place)) Record{};
        ALLOY_ASSERT(static_cast<addressed*>(fresh) == place);
        fresh->at = at;
        fresh->chain = std::exchange(head, fresh);
        return fresh;
    }

    /// Forgets what is spent. @complexity O(records).
    void forget_spent() noexcept {
        fresh_ = records_;
        for (addressed*& head : heads_) {
            for (addressed** to = &head; *to != nullptr;) {
                if (!static_cast<const Record*>(*to)->spent()) {
                    to = &(*to)->chain;
                    --fresh_;
                    continue;
                }
                addressed* const gone = std::exchange(*to, (*to)->chain);
                gone->chain = std::exchange(free_, gone);
            }
        }
    }

    /// Calls `visit(record)` for every one in use, in no order; it must not change which there are.
    /// @complexity O(records).
    template <class Visit>
    void for_each(Visit visit) const {
        for (const addressed* each : heads_) {
            for (; each != nullptr; each = each->chain) {
                const auto& known = static_cast<const Record&>(*each);
                if (!known.spent()) { visit(known); }
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
    static constexpr std::size_t few = 4096; // records: so many are not worth a look

    [[nodiscard]] std::size_t home(const void* at) const noexcept {
        return address(at) * golden >> shift_; // Fibonacci hashing
    }

    [[nodiscard, gnu::noinline]] static Record* find_behind(addressed* one,
                                                            const void* at) noexcept {
        while (one != nullptr && one->at != at) { one = one->chain; }
        return static_cast<Record*>(one);
    }

    /// @return True if a place is free now. What is spent goes once half of all places were used
    /// up since the last time, so that each pays for two that are looked at; and always before a
    /// source that was out is asked again.
    [[nodiscard, gnu::cold]] bool make_room() noexcept {
        if (was_out_ || fresh_ >= std::max(records_ / 2, few)) { forget_spent(); }
        if (free_ == nullptr) { grow(); }
        if (free_ == nullptr) { forget_spent(); }
        return free_ != nullptr;
    }

    void grow() noexcept {
        auto&& source = source_.get();
        const std::size_t bytes = std::clamp(chunks_.bytes(), least_chunk, largest_chunk);
        chunk* const fresh = chunks_.acquire(source, bytes, alignof(Record));
        was_out_ = fresh == nullptr;
        if (was_out_) { return; }
        const auto room = static_cast<std::size_t>(fresh->end() - fresh->begin());
        const std::size_t count = room / sizeof(Record);
        unpoison(fresh->begin(), room);
        for (std::size_t i = count; i > 0; --i) {
            free_ = ::new (fresh->begin() + (i - 1) * sizeof(Record)) addressed{nullptr, free_};
        }
        records_ += count;
        fresh_ += count;
        if (records_ > heads_.size()) { widen(); }
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
    bool was_out_ = false; // the source, last time
    addressed* free_ = nullptr;
    std::size_t records_ = 0; // all of them
    std::size_t fresh_ = 0;   // of those, free after the last forget_spent(), or newer than that
    chunk_list chunks_;
    [[no_unique_address]] member<Source, address_table> source_{std::in_place};
};

} // namespace alloy::inline ALLOY_ABI::detail
