// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::growing`: another of the same when one is full.
///
///     front --> [ next, live | Region ] --> [ next, live | Region ] --> null
///               '------- one block of Upstream -------'
///
/// A region is a policy that brings its memory with it, such as a buddy in an `inline_buffer`.
/// What no region can serve starts a new one; the one that served last is asked first. A region
/// whose last block comes back goes upstream, unless it is the only empty one.
///
/// Choose it to let a bounded policy grow: few large regions. Avoid it for many small ones: a
/// release looks for its region among all.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// As many `Region`s as it takes.
///
/// @tparam Region   Bounded; tells its own blocks from others'; made by its default constructor.
/// @tparam Upstream Where regions come from.
/// @threads None.
/// @source  D's AllocatorList: A. Alexandrescu, std.experimental.allocator, 2013.
template <owning_policy Region, policy Upstream = new_source>
class growing {
    static_assert(std::is_nothrow_default_constructible_v<Region>,
                  "alloy::growing: a Region is made by its default constructor, which cannot fail");

    struct node {
        node* next = nullptr;
        std::size_t live = 0;
        Region region{};
    };
    static constexpr layout whole{sizeof(node), alignof(node)};
    static_assert(alignof(node) <= Upstream::max_align,
                  "alloy::growing: Upstream cannot align a Region");

public:
    static constexpr std::size_t max_align = Region::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Region>;
    static constexpr bool zero_fresh = zero_fresh_v<Region>;
    static constexpr bool keeps_origins = keeps_origins_v<Region>;
    static constexpr guard_rank outermost_guard = outermost_guard_v<Region>;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, growing> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        growing(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    growing(const growing&) = delete;
    growing& operator=(const growing&) = delete;

    /// Gives every region back, and the blocks in it.
    ~growing() {
        while (front_ != nullptr) { drop(*front_); }
    }

    /// What a region makes of it, if it can tell without being there.
    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept
        requires requires { Region::good_size(want); }
    {
        return Region::good_size(want);
    }

    /// @return A block of any region, a new one if need be; null if even that has none or cannot be
    /// had. @complexity O(regions).
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (want.align > max_align || want.size > max_size) [[unlikely]] { return nullptr; }
        for (node* each = front_; each != nullptr;) {
            // Counted before it is asked, it stays whatever its own upstream calls back.
            if (each->live++ == 0) { --empty_; }
            void* const at = each->region.allocate(want);
            if (at != nullptr) {
                to_front(*each);
                return at;
            }
            leave(*std::exchange(each, each->next));
        }
        return allocate_in_new(want);
    }

    /// @pre `at` came from allocate() on this object and is still live. @complexity O(regions).
    void deallocate(void* at, layout given) noexcept {
        node* const owner = owner_of(at);
        ALLOY_ASSERT(owner != nullptr); // else the block is of no region
        owner->region.deallocate(at, given);
        leave(*owner);
    }

    /// Where the block is, if its region can.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept
        requires resizing_policy<Region>
    {
        return owner_of(at)->region.resize(at, given, size);
    }

    /// Gives every empty region back, and lets upstream trim. @return Bytes that left.
    std::size_t trim() noexcept { // NOLINT(modernize-use-nodiscard): called for its effect
        std::size_t bytes = 0;
        for (node* each = front_; each != nullptr;) {
            node& one = *std::exchange(each, each->next);
            if (one.live != 0) { continue; }
            --empty_;
            drop(one);
            bytes += whole.size;
        }
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    /// Regions that there are.
    [[nodiscard]] std::size_t regions() const noexcept {
        std::size_t n = 0;
        for (const node* each = front_; each != nullptr; each = each->next) { ++n; }
        return n;
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// The regions' own accounts, with what is around them. @complexity O(regions).
    [[nodiscard]] byte_account account() noexcept
        requires accounting_policy<Region> && (!composed_policy<Region>)
    {
        byte_account sum;
        for (node* each = front_; each != nullptr; each = each->next) {
            const byte_account region = each->region.account();
            sum.taken += whole.size;
            sum.metadata += whole.size - region.taken + region.metadata;
            sum.cached += region.cached;
            sum.trapped += region.trapped;
            sum.fresh += region.fresh;
            sum.aside += region.aside;
        }
        return sum;
    }

private:
    /// The region of a block, or null.
    [[nodiscard]] node* owner_of(const void* at) const noexcept {
        node* each = front_;
        while (each != nullptr && !each->region.owns(at)) { each = each->next; }
        return each;
    }

    [[gnu::noinline]] void* allocate_in_new(layout want) noexcept {
        void* const memory = upstream_.get().allocate(whole);
        if (memory == nullptr) { return nullptr; }
        node& fresh = *::new (memory) node{.next = front_, .live = 1};
        front_ = &fresh;
        void* const at = fresh.region.allocate(want);
        if (at == nullptr && --fresh.live == 0) { drop(fresh); }
        return at;
    }

    /// One live block less. An empty region is kept, if it is the only one.
    void leave(node& one) noexcept {
        if (--one.live != 0) { return; }
        if (empty_ != 0) { return drop(one); }
        if constexpr (resettable_policy<Region>) { one.region.reset(); } // room for all again
        ++empty_;
    }

    void unlink(node& one) noexcept {
        node** link = &front_;
        while (*link != &one) { link = &(*link)->next; }
        *link = one.next;
    }

    void to_front(node& chosen) noexcept {
        if (front_ == &chosen) { return; }
        unlink(chosen);
        chosen.next = std::exchange(front_, &chosen);
    }

    void drop(node& gone) noexcept {
        unlink(gone);
        std::destroy_at(&gone);
        upstream_.get().deallocate(&gone, whole);
    }

    node* front_ = nullptr; // null until the first request
    std::size_t empty_ = 0; // regions without a live block: one, save while they are dropped
    [[no_unique_address]] detail::member<Upstream, growing> upstream_;
};

static_assert(trimming_policy<growing<inline_buffer<64>>>);

} // namespace alloy::inline ALLOY_ABI
