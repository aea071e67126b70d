// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::index_stack`: free indices, last in first out, without a lock.
///
///     head_  [ tag | 3 ]                                    carved_ = 5
///                    '-------------.
///     links  |  end  |  out  |  out  |   0   |  out  | ... not there so far ...
///                0 <-------------------- 3
///
/// A release links its index to the top and swaps the head; a request reads the link of the top and
/// swaps the head back. Links stand in an array of their own, so nothing is written into what is
/// free, and who reads the link of a top that is gone by now reads no byte that somebody owns.
/// Indices that were never out are counted, not linked: an empty stack of zeros has them all.
///
/// A swap must fail if the top went and came back meanwhile with another link. Every release counts
/// up the tag beside the top; so it does, unless the thread sleeps between its read and its swap
/// through an exact multiple of 2^32 releases, and wakes to the same top. At 100 million releases a
/// second that is a sleep of 43 seconds, to the release.

#include <alloy/core/assert.hpp>

#include <atomic>
#include <cstdint>

namespace alloy::inline ALLOY_ABI::detail {

/// No index.
inline constexpr std::uint32_t no_index = 0xFFFFFFFF;

/// A stack of indices below #no_index - 1. `links[i]` is the `link` of `i`, for a pointer or
/// whatever else has `[]`; it is there from before the first release of `i` to the end.
///
/// @threads Safe and lock-free: of all that try, one gets on. Where `Atomic` is lock-free, in
///          signal handlers too; and a fork copies a whole stack at any moment, without the indices
///          that were out, or on their way, in other threads.
/// @source  R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986; the
///          tag: IBM System/370 Principles of Operation, on compare double and swap; M. M. Michael
///          and M. L. Scott, "Simple, Fast, and Practical Non-Blocking and Blocking Concurrent
///          Queue Algorithms", PODC 1996.
template <template <class> class Atomic = std::atomic>
class basic_index_stack {
public:
    using link = Atomic<std::uint32_t>;

    /// What the link of an index says that is out. The others say which is next, plus one.
    static constexpr std::uint32_t out = no_index;

    /// Takes the index that was released last. @return It, or #no_index if none is linked.
    template <class Links>
    [[nodiscard]] std::uint32_t take(Links links) noexcept {
        for (;;) {
            // Acquires what give() released: the link, and what the last owner did before. Nothing
            // but swaps ever writes the head, so this goes for all that lie further down, too.
            std::uint64_t head = head_.load(std::memory_order_acquire);
            if (top_of(head) == 0) { return no_index; }
            const std::uint32_t top = top_of(head) - 1;
            const std::uint64_t next = links[top].load(std::memory_order_relaxed);
            // Relaxed: what succeeds found the value, and so the release, that was acquired above.
            if (head_.compare_exchange_weak(head, tag_of(head) | next, std::memory_order_relaxed,
                                            std::memory_order_relaxed)) {
                links[top].store(out, std::memory_order_relaxed);
                return top;
            }
        }
    }

    /// Takes the least index that never was out, if it is below `limit`; its link is the caller's
    /// to make. @return It, or #no_index. After a take() that found none linked, this says truly
    /// that none was free: whoever carved the last had found none linked either.
    [[nodiscard]] std::uint32_t carve(std::uint32_t limit) noexcept {
        std::uint32_t next = carved_.load(std::memory_order_relaxed);
        while (next < limit) {
            if (carved_.compare_exchange_weak(next, next + 1, std::memory_order_relaxed,
                                              std::memory_order_relaxed)) {
                return next;
            }
        }
        return no_index;
    }

    /// Indices that ever were out: all those below.
    [[nodiscard]] std::uint32_t carved() const noexcept {
        return carved_.load(std::memory_order_relaxed);
    }

    /// Releases `nth(0)`, ... `nth(n - 1)` in one step, as if one after another. @pre `n > 0`, and
    /// all are out: asserted, unless two threads release the same at once.
    template <class Links, class Nth>
    void give(Links links, std::uint32_t n, Nth nth) noexcept {
        const std::uint32_t bottom = nth(0);
        std::uint32_t top = 0;
        for (std::uint32_t i = 0; i < n; ++i) {
            const std::uint32_t each = i == 0 ? bottom : nth(i);
            ALLOY_ASSERT(links[each].load(std::memory_order_relaxed) == out); // else twice released
            links[each].store(top, std::memory_order_relaxed);
            top = each + 1;
        }
        std::uint64_t head = head_.load(std::memory_order_relaxed);
        do {
            links[bottom].store(top_of(head), std::memory_order_relaxed);
        } while (!head_.compare_exchange_weak(head, (tag_of(head) + one_tag) | top,
                                              std::memory_order_release, // for take()'s acquire
                                              std::memory_order_relaxed));
    }

private:
    static constexpr std::uint64_t one_tag = std::uint64_t{1} << 32U;

    /// The top plus one; zero if there is none.
    static constexpr std::uint32_t top_of(std::uint64_t head) noexcept {
        return static_cast<std::uint32_t>(head);
    }
    static constexpr std::uint64_t tag_of(std::uint64_t head) noexcept {
        return head & ~(one_tag - 1);
    }

    Atomic<std::uint64_t> head_{0};
    Atomic<std::uint32_t> carved_{0};
};

using index_stack = basic_index_stack<>;

} // namespace alloy::inline ALLOY_ABI::detail
