// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::lock_free_pool`: one node size, shared by threads that never wait.
///
///     regions_[0] --> | node 0 | ... | node n-1 |  links  |
///     regions_[1] --> | node n |       ...       | node 3n-1 |  links  |        if it may grow
///     stack_      --> 7 --> 2 --> 5 --> end          indices of free nodes, over all regions
///
/// Nodes are numbered. Free ones are a stack of numbers, whose links stand behind the nodes: a
/// request and a release swap one word each, and nothing is written into free memory. A pool that
/// may grow adds a region twice as large as the last one; nodes keep their places and numbers.
///
/// Choose it where threads pass blocks to one another, and none may be held up by another:
/// messages, real time, signal handlers. Avoid it for what stays in one thread (see freelist), and
/// where many do little else: all swap the same word; a magazine a thread in front of it helps.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/index_stack.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/source/pages.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Hands out nodes of a single layout from at most `Regions` regions of `Upstream`.
///
/// @tparam Node     Largest request served; rounded up to a multiple of its alignment.
/// @tparam Count    Nodes of the first region; each further one has twice as many as the last.
/// @tparam Upstream Where regions come from. Unless it is thread-safe only prepare() asks it, and
///                  requests before that get null.
/// @tparam Regions  One for a pool of exactly `Count` nodes; as many as 2^32 - 2 nodes allow.
///
/// @threads Safe. Lock-free, but for a request that finds no free node and asks upstream: that one
///          waits as `Upstream` does. All others may stand in a signal handler, too. A fork needs
///          no lock but upstream's: at any moment the pool is whole, and a child lacks those nodes
///          alone that were out, or on their way, in other threads.
/// @source  See index_stack; regions that double and stay: D. Dechev et al., "Lock-Free Dynamically
///          Resizable Arrays", OPODIS 2006.
template <layout Node, std::size_t Count, policy Upstream = pages<>, std::size_t Regions = 1>
class lock_free_pool
    : public detail::upstream_lock<lock_free_pool<Node, Count, Upstream, Regions>, Upstream> {
    using link = detail::index_stack::link;

    static_assert(Node.valid(), "alloy::lock_free_pool: the alignment must be a power of two");
    static_assert(Node.size <= any_size - Node.align,
                  "alloy::lock_free_pool: a node is larger than the address space");
    static_assert(Count > 0 && Regions > 0, "alloy::lock_free_pool: no node to serve");
    static_assert(Regions <= 32 &&
                      Count <= (detail::no_index - 1) / ((std::size_t{1} << Regions) - 1),
                  "alloy::lock_free_pool: at most 2^32 - 2 nodes have a number");
    static_assert(thread_safe_v<Upstream> || Regions == 1,
                  "alloy::lock_free_pool: any thread may grow it: Upstream must be thread-safe");
    static_assert(link::is_always_lock_free && std::atomic<std::uint64_t>::is_always_lock_free);

public:
    /// The layout of every node handed out, whatever smaller layout was asked for.
    static constexpr layout node = cover(Node, {1, 1});

    static constexpr std::size_t max_align = node.align; ///< Bytes.
    static constexpr std::size_t max_size = node.size;   ///< Bytes.
    static constexpr bool thread_safe = true;
    static constexpr std::size_t capacity = Count * ((std::size_t{1} << Regions) - 1); ///< Nodes.

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, lock_free_pool> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        lock_free_pool(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    lock_free_pool(const lock_free_pool&) = delete;
    lock_free_pool& operator=(const lock_free_pool&) = delete;

    /// Returns every region upstream, which none leaves before, as somebody may still read a link
    /// there. Live nodes end with it.
    ~lock_free_pool() {
        detail::close_pool(this);
        for (std::uint32_t k = 0; k < Regions && base(k) != nullptr; ++k) { release(k, base(k)); }
    }

    /// Every request that fits gets a whole node.
    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept {
        return want.fits_in(node) ? node.size : want.size;
    }

    /// Takes the first region, so that the first `Count` nodes need nothing more from upstream.
    /// Without it, threads whose first requests meet ask for a region each, and all but one give
    /// theirs back. @return False if upstream is out.
    /// @threads Any; if `Upstream` is not thread-safe, the owner, before others come.
    bool prepare() noexcept { // NOLINT(modernize-use-nodiscard): a request says it again
        return reach(0, true);
    }

    /// Takes the node that was released last, or one that was never used.
    /// @return Null if `want` exceeds `node`; if no node is free and there can be no more; or while
    /// another thread takes the last region that upstream has: see prepare().
    /// @complexity O(1) if no other thread comes between, and for a new region as `Upstream`.
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (!want.fits_in(node)) [[unlikely]] { return nullptr; }
        const std::uint32_t index = stack_.take(table{*this});
        if (index == detail::no_index) [[unlikely]] { return carve(); }
        return hand_out(index);
    }

    /// Gives the node back. @complexity O(1) if no other thread comes between; in a pool that
    /// grows, O(regions), and half of all nodes are found at the first look.
    /// @pre `at` came from allocate() on this object and is still live: asserted exactly, unless
    /// two threads release it at once.
    void deallocate(void* at, layout given) noexcept { deallocate_batch(&at, 1, given); }

    /// Allocates `n` nodes into `out`. @return How many; fewer only when all are out.
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        return detail::allocate_each(*this, want, out, n);
    }

    /// Releases the `n` nodes in `in` in one step.
    void deallocate_batch(void* const* in, std::size_t n, [[maybe_unused]] layout given) noexcept {
        if (n == 0) { return; }
        ALLOY_ASSERT(given.fits_in(node) && n <= capacity);
        stack_.give(table{*this}, static_cast<std::uint32_t>(n), [this, in](std::uint32_t i) {
            const std::uint32_t index = index_of(in[i]);
            detail::take_back(this, in[i], node.size);
            return index;
        });
    }

    /// True for every address in a node. @complexity O(regions).
    [[nodiscard]] bool owns(const void* at) const noexcept { return region_with(at) < Regions; }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// Links are metadata. @complexity O(nodes). @threads None.
    [[nodiscard]] byte_account account() const noexcept {
        byte_account sum;
        for (std::uint32_t k = 0; k < Regions && base(k) != nullptr; ++k) {
            const std::size_t free = free_in(k);
            const std::size_t bytes = alloy::good_size(upstream_.get(), region(k));
            sum.taken += bytes;
            sum.metadata += bytes - nodes_in(k) * stride;
            sum.fresh += (nodes_in(k) - carved_in(k)) * stride;
            (free == carved_in(k) ? sum.cached : sum.trapped) += free * stride;
        }
        return sum;
    }

    /// One bin: the nodes that came back. @complexity O(nodes). @threads None.
    static constexpr std::size_t bins = 1;
    [[nodiscard]] bin_account bin(std::size_t /*index*/) const noexcept {
        bin_account all{node.size, 0};
        for (std::uint32_t k = 0; k < Regions; ++k) { all.free += free_in(k); }
        all.live = stack_.carved() - all.free;
        return all;
    }

private:
    static constexpr std::size_t stride = detail::round_up(node.size + detail::redzone, node.align);
    static constexpr std::size_t region_align = std::max(node.align, alignof(link));
    static_assert(capacity <= (any_size - alignof(link)) / (stride + sizeof(link)),
                  "alloy::lock_free_pool: the nodes are larger than the address space");
    static_assert(region_align <= Upstream::max_align,
                  "alloy::lock_free_pool: Upstream cannot align a region");

    static constexpr std::uint32_t region_of(std::uint32_t index) noexcept {
        return static_cast<std::uint32_t>(std::bit_width(index / Count + 1)) - 1;
    }
    /// The number of the `k`-th region's first node.
    static constexpr std::uint32_t start_of(std::uint32_t k) noexcept {
        return static_cast<std::uint32_t>(Count * ((std::size_t{1} << k) - 1));
    }
    static constexpr std::size_t nodes_in(std::uint32_t k) noexcept { return Count << k; }
    static constexpr std::size_t links_at(std::uint32_t k) noexcept {
        return detail::round_up(nodes_in(k) * stride, alignof(link));
    }
    static constexpr layout region(std::uint32_t k) noexcept {
        return {links_at(k) + nodes_in(k) * sizeof(link), region_align};
    }

    /// Relaxed, as whoever has a node or its number has seen its region: who carved it saw it come,
    /// and what is passed on is passed by release and acquire.
    [[nodiscard]] std::byte* base(std::uint32_t k) const noexcept {
        return regions_[k].load(std::memory_order_relaxed);
    }

    /// The link of each number, for the stack.
    struct table {
        const lock_free_pool& pool;
        link& operator[](std::uint32_t index) const noexcept {
            const std::uint32_t k = Regions == 1 ? 0 : region_of(index);
            return reinterpret_cast<link*>(pool.base(k) + links_at(k))[index - start_of(k)];
        }
    };

    [[nodiscard]] void* hand_out(std::uint32_t index) noexcept {
        const std::uint32_t k = Regions == 1 ? 0 : region_of(index);
        std::byte* const at = base(k) + (index - start_of(k)) * stride;
        detail::hand_out(this, at, node.size);
        return at;
    }

    /// The region that `at` is in, or `Regions` if it is in none.
    [[nodiscard]] std::uint32_t region_with(const void* at) const noexcept {
        constexpr auto last = static_cast<std::uint32_t>(Regions - 1);
        std::uint32_t k = Regions == 1 ? 0 : std::min(region_of(stack_.carved()), last);
        for (;; --k) {
            const std::byte* const from = base(k); // null if another thread only just took it
            const std::size_t offset = detail::address(at) - detail::address(from);
            if (from != nullptr && offset < nodes_in(k) * stride) { return k; }
            if (k == 0) { return Regions; }
        }
    }

    [[nodiscard]] std::uint32_t index_of(const void* at) const noexcept {
        const std::uint32_t k = region_with(at);
        ALLOY_ASSERT(k < Regions); // else the node is of another policy
        const std::size_t offset = detail::address(at) - detail::address(base(k));
        ALLOY_ASSERT(offset % stride == 0);
        return start_of(k) + static_cast<std::uint32_t>(offset / stride);
    }

    /// Nodes of the `k`-th region that ever were out, and those of them that are not.
    [[nodiscard]] std::uint32_t carved_in(std::uint32_t k) const noexcept {
        return std::clamp(stack_.carved(), start_of(k), start_of(k + 1)) - start_of(k);
    }
    [[nodiscard]] std::size_t free_in(std::uint32_t k) const noexcept {
        std::size_t n = 0;
        for (std::uint32_t i = start_of(k); i < start_of(k) + carved_in(k); ++i) {
            n += table{*this}[i].load(std::memory_order_relaxed) != detail::index_stack::out;
        }
        return n;
    }

    /// A node that was never out, if need be of a new region.
    [[gnu::noinline]] void* carve() noexcept {
        for (;;) {
            const std::uint32_t k = region_of(stack_.carved());
            if (k == Regions || !reach(k)) { return nullptr; }
            const std::uint32_t index = stack_.carve(start_of(k + 1));
            if (index == detail::no_index) { continue; } // others took the rest of the region
            ::new (&table{*this}[index]) link(detail::index_stack::out);
            return hand_out(index);
        }
    }

    /// Sees the `k`-th region, and takes it from upstream if it may and must.
    bool reach(std::uint32_t k, bool may_ask = thread_safe_v<Upstream>) noexcept {
        constexpr auto acquire = std::memory_order_acquire; // pairs with the release below
        if (regions_[k].load(acquire) != nullptr) { return true; }
        if (!may_ask) { return false; }
        auto* const fresh = static_cast<std::byte*>(upstream_.get().allocate(region(k)));
        if (fresh != nullptr) {
            detail::poison(fresh, nodes_in(k) * stride);
            std::byte* none = nullptr;
            if (regions_[k].compare_exchange_strong(none, fresh, std::memory_order_release,
                                                    std::memory_order_relaxed)) {
                return true;
            }
            release(k, fresh);
        }
        return regions_[k].load(acquire) != nullptr; // another thread's
    }

    void release(std::uint32_t k, std::byte* gone) noexcept {
        detail::unpoison(gone, nodes_in(k) * stride);
        upstream_.get().deallocate(gone, region(k));
    }

    alignas(64) detail::index_stack stack_; // what all write is on no cache line with what all read
    alignas(64) std::array<std::atomic<std::byte*>, Regions> regions_{};
    [[no_unique_address]] detail::member<Upstream, lock_free_pool> upstream_;
};

/// A lock_free_pool that begins with `First` nodes and doubles, to 2^32 - 2 at most.
template <layout Node, policy Upstream = pages<>, std::size_t First = 64>
using growing_lock_free_pool =
    lock_free_pool<Node, First, Upstream,
                   static_cast<std::size_t>(std::bit_width((detail::no_index - 1) / First + 1)) -
                       1>;

static_assert(batching_policy<lock_free_pool<layout{64, 16}, 1>> &&
              owning_policy<growing_lock_free_pool<layout{64, 16}>>);

} // namespace alloy::inline ALLOY_ABI
