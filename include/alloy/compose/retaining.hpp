// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::retaining`: a released block waits for the next request of its size.
///
///     kept_   [ 64K | 1M | 512K | 64K |     |     ]      Slots blocks and Bytes bytes at most
///                ^ goes first       ^ looked at first
///
/// A heap maps a large block when it is asked for and unmaps it when it is released, and every page
/// of it is faulted in and zeroed anew. A vector that grows, a buffer a call, a table that is
/// rebuilt ask for the same few sizes again and again: here they get the same few blocks.
///
/// Choose it for blocks of some kilobytes and more, behind `quantize`, so that there are few sizes.
/// Avoid it for small ones: the blocks are looked through one by one (see magazine).

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/mutex.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/zero.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <mutex>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Keeps the blocks that were released last; passes on what is larger than `Bytes`.
///
/// @tparam Bytes    Kept at most.
/// @tparam Upstream Where blocks come from, and go to when younger ones need their place.
/// @tparam Slots    Blocks kept at most.
/// @tparam Mutex    Held while the row is looked through, and never while upstream is asked: a heap
///                  that is out calls the program's new_handler, which may release blocks to here.
///
/// @threads Safe with a `Mutex`; with null_mutex none.
/// @source  The cache of large blocks of Scudo, the hardened allocator of LLVM.
template <std::size_t Bytes, policy Upstream = new_source, std::size_t Slots = 32,
          class Mutex = null_mutex>
class retaining {
    static constexpr bool shared = !std::same_as<Mutex, null_mutex>;
    static_assert(Slots > 0, "alloy::retaining: no slot to keep a block in");
    static_assert(Slots <= 1024, "alloy::retaining: what leaves lies on the call stack meanwhile");
    static_assert(!shared || thread_safe_v<Upstream>,
                  "alloy::retaining: Mutex guards the row alone: wrap Upstream in alloy::locked");
    static_assert(outermost_guard_v<Upstream> <= guard_rank::cache,
                  "alloy::retaining: a cache would hide releases from the guard inside of it");

    struct kept {
        void* at;
        layout block;
    };

    /// Blocks in order of age, the oldest first.
    struct row {
        std::array<kept, Slots> blocks; // those below count
        std::size_t count = 0;
        std::size_t bytes = 0;

        void add(const kept& one) noexcept {
            blocks[count++] = one;
            bytes += one.block.size;
        }

        /// Removes the newest of that layout. @return Null if there is none.
        void* take(layout block) noexcept {
            for (std::size_t i = count; i-- > 0;) {
                if (blocks[i].block != block) { continue; }
                void* const at = blocks[i].at;
                std::move(blocks.begin() + i + 1, blocks.begin() + count, blocks.begin() + i);
                --count;
                bytes -= block.size;
                return at;
            }
            return nullptr;
        }

        /// Moves the oldest to `gone`, which is empty, until a block of `size` may be added.
        void make_room(std::size_t size, row& gone) noexcept {
            const auto enough = [&] {
                return count - gone.count < Slots && bytes - gone.bytes <= Bytes - size;
            };
            while (!enough()) { gone.add(blocks[gone.count]); }
            if (gone.count == 0) { return; }
            std::move(blocks.begin() + gone.count, blocks.begin() + count, blocks.begin());
            count -= gone.count;
            bytes -= gone.bytes;
        }
    };

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream>;
    static constexpr bool thread_safe = shared;
    static constexpr bool migratory = migratory_v<Upstream>;
    static constexpr guard_rank outermost_guard = guard_rank::cache;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, retaining> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        retaining(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    retaining(const retaining&) = delete;
    retaining& operator=(const retaining&) = delete;

    /// Returns the kept blocks upstream.
    ~retaining() { give_back(kept_); }

    /// As upstream says of blocks that are aligned for any scalar.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        return alloy::good_size(upstream_.get(), aligned(want));
    }

    /// The newest kept block of that very layout, or else one from upstream. @return Null if
    /// upstream is out; what is kept stays, and a `retrying` outside may trim() it.
    /// @complexity O(Slots).
    [[nodiscard]] void* allocate(layout want) noexcept {
        const layout block = whole(want);
        void* const at = take(block);
        return at != nullptr ? at : upstream_.get().allocate(block);
    }

    /// As allocate(), zeroed.
    [[nodiscard]] void* allocate_zeroed(layout want) noexcept
        requires zeroing_policy<Upstream>
    {
        const layout block = whole(want);
        void* const at = take(block);
        return at != nullptr ? detail::zero(at, block.size)
                             : upstream_.get().allocate_zeroed(block);
    }

    /// Keeps the block; the oldest go upstream to make room for it.
    /// @pre `at` came from allocate() on this object and is still live; asserted not to be kept.
    /// @complexity O(Slots).
    void deallocate(void* at, layout given) noexcept {
        const layout block = whole(given);
        if (block.size > Bytes) { return upstream_.get().deallocate(at, block); }
        detail::expect_live(at);
        detail::poison(at, block.size);
        row old;
        {
            const std::scoped_lock hold{mutex_};
            ALLOY_ASSERT(std::none_of(kept_.blocks.begin(), kept_.blocks.begin() + kept_.count,
                                      [at](const kept& each) { return each.at == at; }));
            kept_.make_room(block.size, old);
            kept_.add({at, block});
        }
        give_back(old);
    }

    /// Where the block is, if upstream can.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept
        requires resizing_policy<Upstream>
    {
        const layout before = whole(given);
        const layout after = whole({size, given.align});
        return after == before || upstream_.get().resize(at, before, after.size);
    }

    /// True for every block, where upstream can tell its own from others.
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires owning_policy<Upstream>
    {
        return upstream_.get().owns(at);
    }

    /// Returns the kept blocks upstream, and lets upstream trim.
    /// @return Bytes that left this policy.
    std::size_t trim() noexcept { // NOLINT(modernize-use-nodiscard): called for its effect
        row all;
        {
            const std::scoped_lock hold{mutex_};
            all = std::exchange(kept_, row{});
        }
        give_back(all);
        detail::trim_if_able(upstream_.get());
        return all.bytes;
    }

    /// Keeps everybody out of the row, and of upstream.
    void lock() noexcept
        requires shared
    {
        mutex_.lock();
        detail::lock_each(upstream_.get());
    }
    [[nodiscard]] bool try_lock() noexcept
        requires shared
    {
        if (!mutex_.try_lock()) { return false; }
        if (detail::try_lock_each(upstream_.get())) { return true; }
        mutex_.unlock();
        return false;
    }
    void unlock() noexcept
        requires shared
    {
        detail::unlock_each(upstream_.get());
        mutex_.unlock();
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// What is kept. @complexity O(1).
    [[nodiscard]] byte_account account() noexcept {
        const std::scoped_lock hold{mutex_};
        return {.taken = kept_.bytes, .cached = kept_.bytes};
    }

private:
    /// Blocks of weak alignment are all alike, so that one serves where the other was.
    static constexpr std::size_t weakest = std::min(alignof(std::max_align_t), max_align);

    static constexpr layout aligned(layout want) noexcept {
        return {want.size, std::max(want.align, weakest)};
    }

    /// What upstream is asked for, and given back.
    [[nodiscard]] constexpr layout whole(layout want) const noexcept {
        return {good_size(want), aligned(want).align};
    }

    /// The newest kept block of that layout, or null.
    void* take(layout block) noexcept {
        void* at = nullptr;
        {
            const std::scoped_lock hold{mutex_};
            at = kept_.take(block);
        }
        if (at != nullptr) { detail::unpoison(at, block.size); }
        return at;
    }

    void give_back(const row& gone) noexcept {
        for (std::size_t i = 0; i < gone.count; ++i) {
            detail::unpoison(gone.blocks[i].at, gone.blocks[i].block.size);
            upstream_.get().deallocate(gone.blocks[i].at, gone.blocks[i].block);
        }
    }

    row kept_{};
    [[no_unique_address]] Mutex mutex_;
    [[no_unique_address]] detail::member<Upstream, retaining> upstream_;
};

static_assert(policy<retaining<4096>> && trimming_policy<retaining<4096>> &&
              migratory_v<retaining<4096>>);

} // namespace alloy::inline ALLOY_ABI
