// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::depot`: where threads leave batches of free blocks for one another.
///
///     slots_  [ p | p | p | p | p | p |   |   |   ]      what is pointed to is never touched
///                 the newest batch ---^ count
///         what lacks comes from upstream              what finds no room goes there
///
/// What one thread's cache gives up, another's is about to ask for. A batch is copied in and out, a
/// word a block, and nobody looks for the place of each. That is for blocks that are near: once
/// upstream has more out than a processor's cache holds, every batch goes back there, and upstream
/// says which block is next (see thread_cached).
///
/// Choose it below thread_cached, inside of `locked`, where some threads allocate what others
/// release. Avoid it for single blocks: it does for one what it does for a batch (see magazine).

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/near.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// How much a depot may keep, and when it keeps nothing.
struct depot_options {
    std::uint32_t slots = 2048; ///< Blocks at most.
    /// Bytes that upstream has out above which it says which block is next; `unlimited` for never.
    std::size_t ordered = detail::near_bytes;
};

/// Keeps free blocks of one layout, in the batches that they come in; passes on what needs another.
///
/// @tparam Block    What a block can hold; what is smaller is rounded up to it.
/// @tparam Upstream Where batches come from, if there are none here.
///
/// @threads None: share one only behind `locked`.
/// @source  The depot of J. Bonwick and J. Adams, "Magazines and Vmem", USENIX 2001; the transfer
///          cache of S. Ghemawat and P. Menage, TCMalloc.
template <layout Block, policy Upstream, depot_options Options = depot_options{}>
class depot {
    static_assert(
        batching_policy<Upstream>,
        "alloy::depot: Upstream hands out no batches, as freelist, bitmap, next_fit, slab "
        "and size_classes do");
    static_assert(Block.valid(), "alloy::depot: the alignment must be a power of two");
    static_assert(Options.slots >= 1, "alloy::depot: there is no room for a block");
    static_assert(detail::outermost_guard_of_classes_v<Upstream> <= guard_rank::cache,
                  "alloy::depot: a cache would hide releases from the guard inside of it");

public:
    /// The layout of every block that is kept.
    static constexpr layout block = cover(Block, {1, 1});
    static_assert(block.align <= Upstream::max_align && block.size <= max_size_v<Upstream>,
                  "alloy::depot: Upstream cannot serve a block");

    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream>;
    static constexpr guard_rank outermost_guard = guard_rank::cache;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, depot> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        depot(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    depot(const depot&) = delete;
    depot& operator=(const depot&) = delete;

    /// Returns the kept blocks upstream.
    ~depot() {
        flush();
        detail::close_pool(this);
    }

    /// A whole block; what is larger, as upstream says.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        return serves(want) ? block.size : alloy::good_size(upstream_.get(), want);
    }

    /// The block that was kept last, or one from upstream. @return Null if upstream is out.
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (!serves(want)) [[unlikely]] { return upstream_.get().allocate(want); }
        void* at = nullptr;
        static_cast<void>(allocate_batch(want, &at, 1));
        return at;
    }

    /// Keeps the block, if there is room and not too much live.
    /// @pre `at` came from allocate() on this object and is still live.
    void deallocate(void* at, layout given) noexcept {
        if (!serves(given)) [[unlikely]] { return upstream_.get().deallocate(at, given); }
        deallocate_batch(&at, 1, given);
    }

    /// Takes what was kept last into `out`, and what lacks from upstream. @return How many; fewer
    /// only when upstream is out. @complexity O(n), and upstream's.
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        if (!serves(want)) [[unlikely]] { return upstream_.get().allocate_batch(want, out, n); }
        std::size_t done = take(out, n);
        if (done != n) {
            const std::size_t fresh = upstream_.get().allocate_batch(block, out + done, n - done);
            fetched_ += fresh;
            done += fresh;
            done += take(out + done, n - done); // what its handler released; see ADR 19
        }
        for (std::size_t i = 0; i < done; ++i) { detail::hand_out(this, out[i], block.size); }
        return done;
    }

    /// Keeps the newer of the `n` blocks in `in` as far as there is room, and none if too much is
    /// live; the others go upstream. @complexity O(n), and upstream's.
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        if (!serves(given)) [[unlikely]] { return upstream_.get().deallocate_batch(in, n, given); }
        for (std::size_t i = 0; i < n; ++i) { detail::take_back(this, in[i], block.size); }
        const bool near = fetched_ <= Options.ordered / block.size;
        const std::size_t room = near ? Options.slots - count_ : 0;
        const std::size_t gone = n - std::min(n, room);
        std::copy(in + gone, in + n, slots_.data() + count_);
        count_ += n - gone;
        give_back(in, gone);
    }

    /// Returns the kept blocks upstream, and lets upstream trim.
    /// @return Bytes that left this policy.
    std::size_t trim() noexcept {
        const std::size_t bytes = flush();
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// What is kept. @complexity O(1).
    [[nodiscard]] byte_account account() const noexcept { return kept_in_bins(*this); }

    /// One bin: the blocks that are kept. @complexity O(1).
    static constexpr std::size_t bins = 1;
    [[nodiscard]] bin_account bin(std::size_t /*index*/) const noexcept {
        return {block.size, count_};
    }

private:
    static constexpr bool serves(layout want) noexcept {
        return want.size <= block.size && want.align <= block.align;
    }

    /// The newest blocks, up to `n`, in the order that they came in. @return How many.
    std::size_t take(void** out, std::size_t n) noexcept {
        const std::size_t taken = std::min({n, count_, slots_.size()}); // the last is for GCC
        count_ -= taken;
        std::copy_n(slots_.data() + count_, taken, out);
        return taken;
    }

    void give_back(void* const* in, std::size_t n) noexcept {
        for (std::size_t i = 0; i < n; ++i) { detail::unpoison(in[i], block.size); }
        if (n != 0) { upstream_.get().deallocate_batch(in, n, block); }
        fetched_ -= n;
    }

    /// Returns all that is kept. @return Bytes.
    std::size_t flush() noexcept {
        const std::size_t kept = std::exchange(count_, 0);
        give_back(slots_.data(), kept);
        return kept * block.size;
    }

    std::size_t count_ = 0;
    std::size_t fetched_ = 0; // blocks that upstream has out
    std::array<void*, Options.slots> slots_{};
    [[no_unique_address]] detail::member<Upstream, depot> upstream_;
};

} // namespace alloy::inline ALLOY_ABI
