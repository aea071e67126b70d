// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::magazine`: a small stack of free blocks a size class, in front of any policy.
///
///     stacks_[2]  [ p | p | p | p |   |   |   |   ]      what is pointed to is never touched
///                                 ^ count
///         empty: half a stack from upstream, in one batch      full: the older half goes back
///
/// A release pushes a pointer; a request pops one. Upstream sees batches alone, so what it does for
/// a block it does for many in a row. A refill keeps its order: from `bitmap` it is a row of
/// neighbours. What was released since comes before it, unless releases have stacks of their own,
/// which go back whole: then upstream says which block is next, as long as it has any.
///
/// Choose it in front of a policy that places blocks well and hands them out slowly. Avoid it in
/// front of a list, which would do the same work twice.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/rack.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/size_class.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Who says which free block a request gets.
enum class reuse : std::uint8_t {
    newest,  ///< The magazine: the one that was released last, while it is in the cache.
    upstream ///< Upstream, in the order that it has for all of them.
};

/// Keeps up to `Slots` free blocks of each class of `Classes`; passes on what has no class.
///
/// @tparam Classes  Which class serves what; see linear_classes. `Upstream` rounds as it does.
/// @tparam Upstream Where batches come from.
/// @tparam Slots    Pointers of a stack at most.
/// @tparam Reuse    With `reuse::upstream`, a class has a second stack, for releases.
///
/// @threads None.
/// @source  J. Bonwick and J. Adams, "Magazines and Vmem", USENIX 2001.
template <class Classes, policy Upstream, std::size_t Slots = 64, reuse Reuse = reuse::newest>
class magazine {
    static constexpr bool one_stack = Reuse == reuse::newest;
    static constexpr std::size_t kept_back = one_stack ? Slots / 2 : 0; // when others move
    static_assert(
        batching_policy<Upstream>,
        "alloy::magazine: Upstream hands out no batches, as freelist, bitmap, next_fit, slab "
        "and size_classes do");
    static_assert(Slots >= 2, "alloy::magazine: half of the slots are moved at a time");
    static_assert(Slots <= 1024, "alloy::magazine: what is moved lies on the call stack meanwhile");
    static_assert(detail::strongest_of<Classes> <= Upstream::max_align,
                  "alloy::magazine: Upstream cannot align the blocks of a class");
    static_assert(detail::outermost_guard_of_classes_v<Upstream> <= guard_rank::cache,
                  "alloy::magazine: a cache would hide releases from the guard inside of it");

    struct stack {
        std::size_t count = 0;
        std::array<void*, Slots> slots{};
    };
    using stacks = std::array<stack, Classes::count>;

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream>;
    static constexpr guard_rank outermost_guard = guard_rank::cache;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, magazine> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        magazine(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    magazine(const magazine&) = delete;
    magazine& operator=(const magazine&) = delete;

    /// Returns the kept blocks upstream.
    ~magazine() {
        flush_all();
        detail::close_pool(this);
    }

    /// The whole class; what has none, as upstream says.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        return Classes::serves(want) ? Classes::rounded(want)
                                     : alloy::good_size(upstream_.get(), want);
    }

    /// Pops a block, after a refill if there is none. @return Null if upstream is out.
    /// @complexity O(1), but for a refill.
    [[nodiscard, gnu::always_inline]] void* allocate(layout want) noexcept {
        if (!Classes::serves(want)) [[unlikely]] { return upstream_.get().allocate(want); }
        const std::size_t index = Classes::index(want);
        stack& kept = stacks_[index];
        if (kept.count == 0) [[unlikely]] { return refill(index); }
        void* const at = kept.slots[--kept.count];
        detail::hand_out(this, at, Classes::at(index).size);
        return at;
    }

    /// Keeps the block; if there is no slot left, the older half of its stack goes upstream, or all
    /// of a stack for releases.
    /// @pre `at` came from allocate() on this object and is still live.
    /// @complexity O(1), but for a flush.
    [[gnu::always_inline]] void deallocate(void* at, layout given) noexcept {
        if (!Classes::serves(given)) [[unlikely]] { return upstream_.get().deallocate(at, given); }
        const std::size_t index = Classes::index(given);
        stack& kept = released()[index];
        detail::take_back(this, at, Classes::at(index).size);
        if (kept.count == Slots) [[unlikely]] { return flush_and_keep(index, at); }
        kept.slots[kept.count++] = at;
    }

    /// Returns the kept blocks upstream, and lets upstream trim.
    /// @return Bytes that left this policy.
    std::size_t trim() noexcept {
        const std::size_t bytes = flush_all();
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// What the stacks hold. @complexity O(classes).
    [[nodiscard]] byte_account account() const noexcept { return kept_in_bins(*this); }

    /// A bin for each class.
    static constexpr std::size_t bins = Classes::count;
    [[nodiscard]] bin_account bin(std::size_t index) const noexcept {
        std::size_t free = stacks_[index].count;
        if constexpr (!one_stack) { free += released_[index].count; }
        return {Classes::at(index).size, free};
    }

private:
    struct nothing {};

    /// The stacks that releases push to.
    [[gnu::always_inline]] stacks& released() noexcept {
        if constexpr (one_stack) {
            return stacks_;
        } else {
            return released_;
        }
    }

    [[gnu::noinline]] void* refill(std::size_t index) noexcept {
        stack& kept = stacks_[index];
        const layout block = Classes::at(index);
        std::array<void*, Slots - kept_back> fresh;
        const std::size_t n = upstream_.get().allocate_batch(block, fresh.data(), fresh.size());
        if (n == 0) { return last_resort(index); }
        kept.count = detail::pile_up(upstream_.get(), {fresh.data(), n}, block, kept.slots.data(),
                                     kept.count, Slots);
        detail::hand_out(this, fresh[0], block.size);
        return fresh[0];
    }

    /// Upstream is out: what its handler released here, or waits to be returned. See ADR 19.
    void* last_resort(std::size_t index) noexcept {
        stack& kept = stacks_[index].count != 0 ? stacks_[index] : released()[index];
        if (kept.count == 0) { return nullptr; }
        void* const at = kept.slots[--kept.count];
        detail::hand_out(this, at, Classes::at(index).size);
        return at;
    }

    [[gnu::noinline]] void flush_and_keep(std::size_t index, void* at) noexcept {
        stack& kept = released()[index];
        flush(kept, Classes::at(index), kept_back);
        kept.slots[kept.count++] = at;
    }

    /// Returns the oldest blocks of a stack upstream, but for `keep`. @return Bytes.
    std::size_t flush(stack& kept, layout block, std::size_t keep) noexcept {
        void** const from = kept.slots.data();
        const std::size_t gone = kept.count - keep;
        for (std::size_t i = 0; i < gone; ++i) { detail::unpoison(from[i], block.size); }
        upstream_.get().deallocate_batch(from, gone, block);
        std::copy(from + gone, from + kept.count, from);
        kept.count = keep;
        return gone * block.size;
    }

    std::size_t flush_all() noexcept {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < Classes::count; ++i) {
            bytes += flush(stacks_[i], Classes::at(i), 0);
            if constexpr (!one_stack) { bytes += flush(released_[i], Classes::at(i), 0); }
        }
        return bytes;
    }

    stacks stacks_{};
    [[no_unique_address]] std::conditional_t<one_stack, nothing, stacks> released_{};
    [[no_unique_address]] detail::member<Upstream, magazine> upstream_;
};

} // namespace alloy::inline ALLOY_ABI
