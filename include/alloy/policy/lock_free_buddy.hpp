// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::lock_free_buddy`: the buddy system, shared by threads that never wait.
///
///     | block | free |    block    |  free | ...  block  | ...            | u64 | u64 | ... |
///       ^ threads 0, 16 ...          ^ 1, 17 ...    ^ 2, 18 ...         '---- the tree ----'
///
/// Requests are counted in units and left to a `buddy_tree`; each of sixteen groups of threads
/// looks for free runs from a place of its own on, so that they meet less. What is larger than
/// `Range.largest`, or more strongly aligned than the range, goes upstream by itself.
///
/// Waste: a request of more than half a unit gets less than twice its size. Metadata: half a byte a
/// unit, touched only for ranges in use.
///
/// Choose it where threads share one contiguous range and none may wait for another that was
/// stopped. Avoid it for speed alone: each request and release swaps every node up to the longest
/// run, so as long as threads seldom meet, locked<buddy> is cheaper. A lower `Range.largest` helps.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/buddy_tree.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/ranged.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/thread_number.hpp>
#include <alloy/source/pages.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// The buddy system over a range that the first request takes from `Upstream`. Threads that come
/// first at the same time take one each; all but one give theirs back.
///
/// @tparam Range    Up to 2^31 units.
/// @tparam Upstream Safe in threads. One that has room for a single range refuses it to all but one
///                  of those threads, and their requests may fail with it.
/// @threads Safe and lock-free, as buddy_tree says, but for what goes upstream. A fork leaves the
///          child whole: for each other thread that was inside, it may lack the run that this
///          thread was about to take or to give. A request may be refused while others take or give
///          what it could have got; it is not when nobody else is inside.
/// @source  See detail::buddy_tree.
template <range_options Range =
              range_options{.bytes = std::size_t{1} << 36U, .largest = std::size_t{1} << 25U},
          policy Upstream = pages<pages_options{.reserve = true}>>
class lock_free_buddy : public detail::upstream_lock<lock_free_buddy<Range, Upstream>, Upstream> {
    static_assert(std::has_single_bit(Range.unit) && Range.bytes > 0 &&
                      Range.bytes % Range.unit == 0,
                  "alloy::lock_free_buddy: the range is a whole number of units, each a power of "
                  "two");
    static_assert(Range.bytes / Range.unit <= std::size_t{1} << 31U,
                  "alloy::lock_free_buddy: more units than a buddy_tree can have");
    static_assert(std::has_single_bit(Range.align) && Range.align >= Range.unit &&
                      Range.align <= Upstream::max_align,
                  "alloy::lock_free_buddy: align is a power of two from a unit to what Upstream "
                  "can do");
    static_assert(thread_safe_v<Upstream>,
                  "alloy::lock_free_buddy: threads share the upstream: wrap it in alloy::locked");

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream>;
    static constexpr bool thread_safe = true;
    static constexpr guard_rank outermost_guard = detail::guard_passed_on_v<Upstream>;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, lock_free_buddy> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        lock_free_buddy(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    lock_free_buddy(const lock_free_buddy&) = delete;
    lock_free_buddy& operator=(const lock_free_buddy&) = delete;

    /// Gives the range back, and every block with it. @pre Nobody else is here any more.
    ~lock_free_buddy() {
        std::byte* const base = base_.load(std::memory_order_relaxed);
        if (base == nullptr) { return; }
        each_tree(0, touched_.load(std::memory_order_relaxed), [&](std::size_t at, std::size_t n) {
            detail::end_scan(base + at, n);
            detail::unpoison(base + at, n);
        });
        upstream_.get().deallocate(base, reservation);
    }

    /// The next power of two of units.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        if (!in_range(want)) { return alloy::good_size(upstream_.get(), want); }
        return std::min(room_in(granted(want)), largest);
    }

    /// @return A block from the range, or from upstream if it is too large for it; null if there
    /// is no room. @complexity As buddy_tree::take().
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (!in_range(want)) [[unlikely]] { return upstream_.get().allocate(want); }
        // Acquires the words: the one who published them wrote them before.
        std::byte* base = base_.load(std::memory_order_acquire);
        if (base == nullptr) [[unlikely]] { base = reserve(); }
        if (base == nullptr) [[unlikely]] { return nullptr; }
        const std::uint32_t need = granted(want);
        const auto place = static_cast<std::uint32_t>(detail::thread_number() % places);
        const std::uint32_t at = tree_of(base).take(need, place * distance);
        if (at == no_units) [[unlikely]] { return nullptr; }
        touch(base, at + need);
        std::byte* const block = base + at * Range.unit;
        const std::size_t good = good_size(want);
        detail::hand_out(nullptr, block, good);
        if constexpr (detail::redzone != 0) {
            detail::poison(block + good, need * Range.unit - good);
        }
        return block;
    }

    /// Gives the block's units back. @complexity As buddy_tree::give().
    /// @pre `at` came from allocate() on this object and is still live: asserted exactly.
    void deallocate(void* at, layout given) noexcept {
        if (!in_range(given)) [[unlikely]] { return upstream_.get().deallocate(at, given); }
        detail::take_back(nullptr, at, good_size(given));
        std::byte* const base = base_.load(std::memory_order_relaxed); // who got a block saw it
        const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(at) - base);
        const auto unit = static_cast<std::uint32_t>(offset / Range.unit);
        ALLOY_ASSERT(offset < Range.bytes && offset % Range.unit == 0 &&
                     tree_of(base).is_taken(unit, granted(given)));
        tree_of(base).give(unit, granted(given));
    }

    /// True for every block, where upstream can tell its own from others.
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires owning_policy<Upstream>
    {
        const std::byte* const base = base_.load(std::memory_order_relaxed); // likewise
        const std::size_t offset = detail::address(at) - detail::address(base);
        return (base != nullptr && offset < Range.bytes) || upstream_.get().owns(at);
    }

    /// Bytes of the largest request that the range could meet now. @complexity O(n).
    [[nodiscard]] std::size_t largest_free() const noexcept {
        std::byte* const base = base_.load(std::memory_order_acquire);
        return base == nullptr ? largest : std::min(room_in(tree_of(base).largest()), largest);
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// Free units above the highest that was ever taken are fresh; the others are trapped while
    /// there is a live block. @complexity As buddy_tree::free().
    [[nodiscard]] byte_account account() const noexcept {
        std::byte* const base = base_.load(std::memory_order_acquire);
        if (base == nullptr) { return {}; }
        const std::size_t free = tree_of(base).free() * Range.unit;
        byte_account sum{.taken = alloy::good_size(upstream_.get(), reservation)};
        sum.metadata = sum.taken - Range.bytes;
        sum.fresh =
            std::min(free, Range.bytes - touched_.load(std::memory_order_relaxed) * Range.unit);
        (free == Range.bytes ? sum.cached : sum.trapped) = free - sum.fresh;
        return sum;
    }

private:
    static constexpr auto units = static_cast<std::uint32_t>(Range.bytes / Range.unit);

    /// Bytes of a request that fills `run` units, with the gap behind it.
    static constexpr std::size_t room_in(std::uint32_t run) noexcept {
        return std::max(run * Range.unit, detail::redzone) - detail::redzone;
    }

    static constexpr std::size_t largest = std::min(Range.largest, room_in(std::bit_floor(units)));
    static constexpr std::size_t strongest =
        std::min(Range.align, std::bit_floor(units) * Range.unit);

    /// True for what an empty range could hold, and may.
    static constexpr bool in_range(layout want) noexcept {
        return want.size <= largest && want.align <= strongest;
    }

    /// Units of a block, and the gap behind it.
    static constexpr std::uint32_t granted(layout want) noexcept {
        const std::size_t bytes = std::max(want.size + detail::redzone, want.align);
        return std::bit_ceil(static_cast<std::uint32_t>((bytes + Range.unit - 1) / Range.unit));
    }

    static constexpr std::uint32_t longest = granted({largest, strongest}); // units of a run

    using tree = buddy_tree<units, longest>;
    using word = typename tree::word;
    static_assert(sizeof(word) == sizeof(std::uint64_t) && word::is_always_lock_free);

    /// The range, and the tree's words behind it.
    static constexpr std::size_t words_at = detail::round_up(Range.bytes, alignof(word));
    static constexpr std::size_t metadata = tree::words * sizeof(word);
    static constexpr layout reservation{words_at + metadata, std::max(Range.align, alignof(word))};

    /// Where threads begin to look: at different runs of the longest, as near as that goes, so that
    /// memory far away stays untouched; within one run if there are no more.
    static constexpr std::uint32_t places = 16;
    static constexpr std::uint32_t distance = std::min(longest, std::bit_ceil(units) / places);

    static tree tree_of(std::byte* base) noexcept {
        // Zeroed bytes are words of zero: to construct them would touch the whole of them.
        return tree{std::span<word, tree::words>{reinterpret_cast<word*>(base + words_at), //
                                                 tree::words}};
    }

    /// @return The range, whoever reserved it; null if nobody could.
    [[gnu::noinline, gnu::cold]] std::byte* reserve() noexcept {
        auto* const mine = static_cast<std::byte*>(upstream_.get().allocate(reservation));
        if (mine == nullptr) { return base_.load(std::memory_order_acquire); }
        if constexpr (!zero_fresh_v<Upstream>) { std::memset(mine + words_at, 0, metadata); }
        std::byte* theirs = nullptr;
        // Releases the words to all who acquire the pointer.
        if (base_.compare_exchange_strong(theirs, mine, std::memory_order_release,
                                          std::memory_order_acquire)) {
            return mine;
        }
        upstream_.get().deallocate(mine, reservation);
        return theirs;
    }

    /// Notes that units below `end` are in use.
    void touch(std::byte* base, std::uint32_t end) noexcept {
        std::uint32_t seen = touched_.load(std::memory_order_relaxed);
        while (seen < end) {
            if (touched_.compare_exchange_weak(seen, end, std::memory_order_relaxed)) {
                return each_tree(seen, end, [base](std::size_t at, std::size_t n) {
                    detail::begin_scan(base + at, n);
                });
            }
        }
    }

    /// Under AddressSanitizer, calls `visit(offset, bytes)` for each run of the longest that begins
    /// in units `from` to `to`: what has blocks is searched for pointers, run by run.
    static void each_tree([[maybe_unused]] std::size_t from, [[maybe_unused]] std::size_t to,
                          [[maybe_unused]] auto visit) noexcept {
        if constexpr (detail::redzone != 0) {
            for (std::size_t at = detail::round_up(from, longest); at < to; at += longest) {
                visit(at * Range.unit, std::min<std::size_t>(longest, units - at) * Range.unit);
            }
        }
    }

    std::atomic<std::byte*> base_{nullptr}; // null until the first request
    std::atomic<std::uint32_t> touched_{0}; // units below which every block ever lay
    [[no_unique_address]] detail::member<Upstream, lock_free_buddy> upstream_;
};

static_assert(rounding_policy<lock_free_buddy<>> && thread_safe_v<lock_free_buddy<>>);

} // namespace alloy::inline ALLOY_ABI
