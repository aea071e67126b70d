// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::sharded`: several of the same policy, so that threads meet less.
///
///     thread 0, 4, 8 ... --> [ P ] --.          each on cache lines of its own
///     thread 1, 5, 9 ... --> [ P ] --+-- null? the next one
///     thread 2, 6, 10 .. --> [ P ] --+
///     thread 3, 7, 11 .. --> [ P ] --'          a release --> the shard that owns the block
///
/// Threads are numbered as they first come, and each asks its own shard first: N threads that come
/// one after another have a lock each. A block goes back to where it came from, whichever thread
/// releases it.
///
/// Choose it where several threads wait for one lock. Avoid it where threads release what others
/// allocated: such a release asks shard after shard. What one shard keeps free serves another's
/// thread only when that one's own is out.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/thread_number.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Serves each thread from its shard of `N`, and from another before it fails.
///
/// @tparam P Safe in threads; tells its own blocks from others', or takes back any (`migratory`):
///           then a block goes to the shard of the thread that releases it.
/// @tparam N Shards; as many as threads run at once is enough.
/// @threads Safe; waits as `P` does.
/// @source  The arenas of W. Gloger's ptmalloc, 1996; P. Larson and M. Krishnan, "Memory Allocation
///          for Long-Running Server Applications", ISMM 1998.
template <policy P, std::size_t N>
class sharded {
    static_assert(N > 0, "alloy::sharded: no shard to serve from");
    static_assert(thread_safe_v<P>,
                  "alloy::sharded: threads share a shard: wrap the policy in alloy::locked");
    static_assert(owning_policy<P> || migratory_v<P>,
                  "alloy::sharded: a block would not find back: P neither tells its own blocks "
                  "from others' nor takes back any; slab does the one, malloc_source the other");

    static constexpr std::size_t cache_line = 64;

    template <class Indices>
    struct copies;
    template <std::size_t... I>
    struct copies<std::index_sequence<I...>> {
        using type = policies<std::enable_if_t<(I < N), P>...>;
    };

    struct alignas(std::max(cache_line, alignof(P))) shard {
        constexpr shard()
            requires std::default_initializable<P>
            : policy() {}
        template <class... Args>
        constexpr shard(std::size_t /*number*/, Args&... args) : policy(args...) {}

        P policy;
    };

public:
    static constexpr std::size_t max_align = P::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<P>;
    static constexpr bool thread_safe = true;
    static constexpr bool zero_fresh = zero_fresh_v<P>;
    static constexpr bool migratory = migratory_v<P>;
    static constexpr bool keeps_origins = keeps_origins_v<P>;
    static constexpr guard_rank outermost_guard = outermost_guard_v<P>;

    /// Constructs every shard in place; acquires nothing.
    constexpr sharded() = default;

    /// Constructs each from the same `args`.
    template <class... Args>
        requires(sizeof...(Args) > 0) && std::constructible_from<P, Args&...> &&
                (!std::same_as<std::remove_cvref_t<Args>, sharded> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        sharded(Args&&... args) noexcept(std::is_nothrow_constructible_v<P, Args&...>)
        : sharded(std::make_index_sequence<N>{}, args...) {}

    sharded(const sharded&) = delete;
    sharded& operator=(const sharded&) = delete;

    /// Ends every shard; its live blocks end as its policy's do.
    ~sharded() = default;

    /// What any shard says: they are equal.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept
        requires rounding_policy<P>
    {
        return shards_[0].policy.good_size(want);
    }

    /// @return A block of the thread's own shard, or of the next that has one; null if none has.
    /// @complexity As `P`; O(N) where shards are full.
    [[nodiscard]] void* allocate(layout want) noexcept {
        return from_any([want](P& one) noexcept { return one.allocate(want); });
    }

    /// As allocate(), zeroed.
    [[nodiscard]] void* allocate_zeroed(layout want) noexcept
        requires zeroing_policy<P>
    {
        return from_any([want](P& one) noexcept { return one.allocate_zeroed(want); });
    }

    /// Gives the block back to its shard.
    /// @pre `at` came from allocate() on this object and is still live.
    /// @complexity As `P` for a block of the thread's own shard; O(N) for another's.
    void deallocate(void* at, layout given) noexcept {
        shards_[home_of(at)].policy.deallocate(at, given);
    }

    /// Where the block is, if its shard can.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept
        requires resizing_policy<P>
    {
        return shards_[home_of(at)].policy.resize(at, given, size);
    }

    /// Allocates `n` blocks into `out`, of several shards if one has too few. @return How many;
    /// fewer only when all are out.
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept
        requires batching_policy<P>
    {
        std::size_t done = 0;
        for (std::size_t turn = 0; turn < N && done < n; ++turn) {
            done += shards_[in_turn(turn)].policy.allocate_batch(want, out + done, n - done);
        }
        return done;
    }

    /// Releases the `n` blocks in `in`; those in a row that came from one shard in one batch.
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept
        requires batching_policy<P>
    {
        for (std::size_t from = 0; from < n;) {
            const std::size_t home = home_of(in[from]);
            std::size_t to = from + 1;
            while (to < n && home_of(in[to]) == home) { ++to; }
            shards_[home].policy.deallocate_batch(in + from, to - from, given);
            from = to;
        }
    }

    /// What may be written of the block.
    [[nodiscard]] std::size_t usable_size(const void* at) const noexcept
        requires measuring_policy<P>
    {
        return shards_[home_of(at)].policy.usable_size(at);
    }

    /// True for a block of any shard.
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires owning_policy<P>
    {
        return with_all(shards_, [at](auto&... all) noexcept { return (all.owns(at) || ...); });
    }

    /// Lets every shard trim. @return Bytes that left them.
    std::size_t trim() noexcept // NOLINT(modernize-use-nodiscard): called for its effect
        requires trimming_policy<P>
    {
        return with_all(shards_, [](auto&... all) noexcept { return (all.trim() + ...); });
    }

    /// Keeps everybody out of every shard.
    void lock() noexcept
        requires lockable_policy<P>
    {
        with_all(shards_, [](auto&... all) noexcept { detail::lock_each(all...); });
    }
    [[nodiscard]] bool try_lock() noexcept
        requires lockable_policy<P>
    {
        return with_all(shards_,
                        [](auto&... all) noexcept { return detail::try_lock_each(all...); });
    }
    void unlock() noexcept
        requires lockable_policy<P>
    {
        with_all(shards_, [](auto&... all) noexcept { detail::unlock_each(all...); });
    }

    using upstreams = typename copies<std::make_index_sequence<N>>::type;
    void each_upstream(auto visit) noexcept {
        with_all(shards_, [&](auto&... all) noexcept { (visit(all), ...); });
    }

private:
    template <std::size_t... I, class... Args>
    constexpr explicit sharded(std::index_sequence<I...> /*each*/, Args&... args)
        : shards_{{{I, args...}...}} {}

    /// The shard that the calling thread asks at its `turn`: first, from 0, its own.
    [[nodiscard]] static std::size_t in_turn(std::size_t turn) noexcept {
        return (detail::thread_number() + turn) % N;
    }

    template <class Take>
    [[nodiscard]] void* from_any(Take take) noexcept {
        void* at = nullptr;
        for (std::size_t turn = 0; turn < N && at == nullptr; ++turn) {
            at = take(shards_[in_turn(turn)].policy);
        }
        return at;
    }

    /// The shard that a block goes back to. The last need not be asked.
    [[nodiscard]] std::size_t home_of(const void* at) const noexcept {
        if constexpr (migratory) {
            return in_turn(0);
        } else {
            std::size_t turn = 0;
            while (turn + 1 < N && !shards_[in_turn(turn)].policy.owns(at)) { ++turn; }
            ALLOY_ASSERT(shards_[in_turn(turn)].policy.owns(at)); // else the block is of no shard
            return in_turn(turn);
        }
    }

    template <class Shards, class Call>
    static decltype(auto) with_all(Shards& shards, Call call) noexcept {
        return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
            return call(shards[I].policy...);
        }(std::make_index_sequence<N>{});
    }

    std::array<shard, N> shards_;
};

} // namespace alloy::inline ALLOY_ABI
