// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::chain`: free blocks linked through their own first word.
///
///     head_ --> [link|.......] --> [link|.......] --> null
///               '--- block --'     '--- block --'
///
/// A kept block is off limits to everybody but its chain, which reads and writes the one word. How
/// it is written is for a code to say, which whoever owns the chain passes, always the same one.

#include <alloy/core/bits.hpp>
#include <alloy/core/link_code.hpp>
#include <alloy/core/misuse.hpp>
#include <alloy/core/sanitize.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <new>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

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

    /// Hands out the newest block. @return Null if there is none, or if its link was forged: the
    /// chain is not empty then, and give_up() is due.
    template <class Code = plain_links>
    [[nodiscard, gnu::always_inline]] void* pop(std::size_t bytes, const Code& code = {}) noexcept {
        link* const newest = head_;
        if (newest == nullptr) [[unlikely]] { return nullptr; }
        if constexpr (std::same_as<Code, plain_links>) { // as below, for builds not optimised
            head_ = read_kept(&newest->next);
        } else {
            link* next = nullptr;
            if (!code.read(newest, next)) [[unlikely]] { return nullptr; }
            head_ = next;
        }
        hand_out(this, newest, bytes);
        return newest;
    }

    /// Takes back a block that was handed out.
    template <class Code = plain_links>
    [[gnu::always_inline]] void push(void* at, std::size_t bytes, const Code& code = {}) noexcept {
        take_back(this, at, bytes);
        keep(at, code);
    }

    /// Hands out a block that was never in the chain, but will come back to it.
    void* adopt(void* at, std::size_t bytes) noexcept {
        hand_out(this, at, bytes);
        return at;
    }

    /// Adds a block that nobody has seen and that is off limits already.
    template <class Code = plain_links>
    [[gnu::always_inline]] void keep(void* at, const Code& code = {}) noexcept {
        if constexpr (std::same_as<Code, plain_links>) {
            write_kept(static_cast<link**>(at), head_);
        } else {
            code.write(static_cast<link*>(at), head_);
        }
        head_ = static_cast<link*>(at);
    }

    /// As pop(), but the block stays off limits, and one with a forged link is given up.
    template <class Code = plain_links>
    [[nodiscard]] void* unlink(const Code& code = {}) noexcept {
        link* next = nullptr;
        if (head_ == nullptr || !code.read(head_, next)) [[unlikely]] {
            give_up();
            return nullptr;
        }
        return std::exchange(head_, next);
    }

    /// Reports that the link of the newest block was forged, if there is one, and forgets all.
    void give_up() noexcept {
        if (!empty()) { report_misuse({misuse::forged_link, std::exchange(head_, nullptr)}); }
    }

    /// Makes the links plain; a block with a forged one is given up, and all behind it. @return How
    /// many blocks there are. @complexity O(n).
    template <class Code>
    std::size_t decode(const Code& code) noexcept { // NOLINT(modernize-use-nodiscard)
        chain kept;
        std::size_t n = 0;
        while (void* const at = unlink(code)) {
            kept.keep(at);
            ++n;
        }
        while (void* const at = kept.unlink()) { keep(at); }
        return n;
    }

    /// Undoes decode(). @complexity O(n).
    template <class Code>
    void encode(const Code& code) noexcept {
        chain kept;
        while (void* const at = unlink()) { kept.keep(at); }
        while (void* const at = kept.unlink()) { keep(at, code); }
    }

    /// Blocks, as far as no link is forged. @complexity O(n).
    template <class Code = plain_links>
    [[nodiscard]] std::size_t count(const Code& code = {}) const noexcept {
        std::size_t n = 0;
        for (link* at = head_; at != nullptr && code.read(at, at);) { ++n; }
        return n;
    }

    /// Lowest address first. @pre The links are plain. @complexity O(n log n).
    void sort() noexcept { head_ = sorted_by_address(head_); }

    /// Drops the blocks for which `drop(at)` is true. @pre The links are plain. @complexity O(n).
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
