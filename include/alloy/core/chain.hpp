// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::chain`: free blocks linked through their own first word.
///
///     head_ --> [link|.......] --> [link|.......] --> null
///               '--- block --'     '--- block --'
///
/// A kept block is off limits to everybody but its chain, which reads and writes the one word.

#include <alloy/core/bits.hpp>
#include <alloy/core/sanitize.hpp>

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// Anything that is linked through a member `next`.
struct link {
    link* next;
};

/// Sorts a null-terminated list by address. @complexity O(n log n); no recursion.
/// @source Bottom-up list merge sort: D. E. Knuth, The Art of Computer Programming vol. 3, 5.2.4.
inline link* sorted_by_address(link* list) noexcept {
    const auto merge = [](link* a, link* b) noexcept {
        link first{nullptr};
        link* tail = &first;
        while (a != nullptr && b != nullptr) {
            link*& lower = address(a) < address(b) ? a : b;
            write_kept(&tail->next, lower);
            tail = std::exchange(lower, read_kept(&lower->next));
        }
        write_kept(&tail->next, a != nullptr ? a : b);
        return read_kept(&first.next);
    };
    std::array<link*, 8 * sizeof(std::size_t)> runs{}; // runs[i] is null or holds 2^i blocks
    while (list != nullptr) {
        link* run = std::exchange(list, read_kept(&list->next));
        write_kept(&run->next, static_cast<link*>(nullptr));
        std::size_t i = 0;
        for (; runs[i] != nullptr; ++i) { run = merge(std::exchange(runs[i], nullptr), run); }
        runs[i] = run;
    }
    link* all = nullptr;
    for (link* const run : runs) { all = merge(run, all); }
    return all;
}

/// A last-in first-out list of blocks of one size, which the caller knows and passes.
class chain {
public:
    [[nodiscard, gnu::always_inline]] constexpr bool empty() const noexcept {
        return head_ == nullptr;
    }

    /// Hands out the newest block. @pre Not empty.
    [[nodiscard, gnu::always_inline]] void* pop(std::size_t bytes) noexcept {
        void* const at = unlink();
        hand_out(this, at, bytes);
        return at;
    }

    /// Takes back a block that was handed out.
    [[gnu::always_inline]] void push(void* at, std::size_t bytes) noexcept {
        take_back(this, at, bytes);
        keep(at);
    }

    /// Hands out a block that was never in the chain, but will come back to it.
    void* adopt(void* at, std::size_t bytes) noexcept {
        hand_out(this, at, bytes);
        return at;
    }

    /// Adds a block that nobody has seen and that is off limits already.
    [[gnu::always_inline]] void keep(void* at) noexcept {
        write_kept(static_cast<link**>(at), head_);
        head_ = static_cast<link*>(at);
    }

    /// Takes the newest block out; it stays off limits. @pre Not empty.
    [[gnu::always_inline]] void* unlink() noexcept {
        link* const newest = head_;
        head_ = read_kept(&newest->next);
        return newest;
    }

    /// Lowest address first. @complexity O(n log n).
    void sort() noexcept { head_ = sorted_by_address(head_); }

    /// Drops the blocks for which `drop(at)` is true. @complexity O(n).
    template <class Drop>
    void remove_if(Drop drop) noexcept {
        link* last = nullptr;
        link* at = std::exchange(head_, nullptr);
        while (at != nullptr) {
            link* const next = read_kept(&at->next);
            if (!drop(static_cast<void*>(at))) {
                if (last == nullptr) {
                    head_ = at;
                } else {
                    write_kept(&last->next, at);
                }
                last = at;
            }
            at = next;
        }
        if (last != nullptr) { write_kept(&last->next, static_cast<link*>(nullptr)); }
    }

    /// Forgets the blocks.
    void clear() noexcept { head_ = nullptr; }

private:
    link* head_ = nullptr;
};

} // namespace alloy::inline ALLOY_ABI::detail
