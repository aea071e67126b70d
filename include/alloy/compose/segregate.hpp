// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::segregate`: small requests to one policy, larger ones to another.
///
///     want --> fits {64, 16}?     --> Small     segregate<tier<layout{64, 16}, Small>,
///          \-> fits {4096, 4096}? --> Middle              tier<layout{4096, 4096}, Middle>,
///          \-> else               --> Large               Large>
///
/// Each stage is a choice of two: the first tier, or what the rest makes of the request. good_size
/// ends at the limit of the tier, so that a block comes home through the door that it left by.
///
/// Choose it to give each range of sizes the strategy that suits it. Avoid it for many sizes of one
/// strategy, which size_classes finds in one step.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/zero.hpp>

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// `P`, for requests that fit `Limit`; see segregate.
template <layout Limit, policy P>
struct tier {};

/// Routes each request by size and alignment; see the specialisation.
template <class... Parts>
class segregate {
    static_assert(sizeof(segregate*) == 0,
                  "alloy::segregate: takes at least one tier, and then a policy for the rest");
};

namespace detail {

/// Bytes above which a part serves nothing.
template <class Part>
inline constexpr std::size_t tier_limit = unlimited;
template <layout Limit, policy P>
inline constexpr std::size_t tier_limit<tier<Limit, P>> = Limit.size;

/// What stands behind a tier.
template <class... Parts>
struct rest_of {
    using type = segregate<Parts...>;
};
template <policy P>
struct rest_of<P> {
    using type = P;
};

} // namespace detail

/// Serves what fits `Limit` from `P`, and passes on what does not.
///
/// @tparam Limit Size and alignment, in bytes; the tiers rise in size.
/// @tparam P     Serves the first tier; it need not serve anything larger.
/// @tparam Next  The next tier, or the policy for the rest; `More` are those that follow.
/// @threads As its policies together.
/// @source  The Segregator of A. Alexandrescu, "std::allocator is to allocation what std::vector
///          is to vexation", CppCon 2015.
template <layout Limit, policy P, class Next, class... More>
class segregate<tier<Limit, P>, Next, More...> {
    using rest = typename detail::rest_of<Next, More...>::type;
    static constexpr bool lockable = lockable_policy<P> || lockable_policy<rest>;
    static_assert(Limit.size > 0 && Limit.valid(),
                  "alloy::segregate: a tier's limit is no layout that a request can have");
    static_assert(Limit.align <= P::max_align,
                  "alloy::segregate: a tier's policy cannot align to its limit");
    static_assert(Limit.size < detail::tier_limit<Next>,
                  "alloy::segregate: a tier's limit is not larger than that of the one before");

public:
    /// The strongest alignment of any tier, or of the rest; bytes.
    static constexpr std::size_t max_align = std::max(Limit.align, served_align_v<rest>);
    static constexpr std::size_t max_size =
        std::max(std::min(Limit.size, max_size_v<P>), max_size_v<rest>);
    static constexpr bool thread_safe = thread_safe_v<P> && thread_safe_v<rest>;
    static constexpr bool single_threaded = !thread_safe &&
                                            (thread_safe_v<P> || single_threaded_v<P>) &&
                                            (thread_safe_v<rest> || single_threaded_v<rest>);
    static constexpr bool zero_fresh = zero_fresh_v<P> && zero_fresh_v<rest>;
    static constexpr bool keeps_origins = keeps_origins_v<P> || keeps_origins_v<rest>;
    static constexpr guard_rank outermost_guard =
        std::max(outermost_guard_v<P>, outermost_guard_v<rest>);
    static constexpr bool migratory = migratory_v<P> && migratory_v<rest>;

    constexpr segregate() = default;

    /// Constructs each policy in place from the tuple in its turn; acquires nothing.
    template <class First, class... Others>
        requires(sizeof...(Others) == sizeof...(More) + 1)
    constexpr segregate(std::piecewise_construct_t /*each*/, First first, Others... others)
        : first_(std::move(first)), rest_(for_rest(others...)) {}

    segregate(const segregate&) = delete;
    segregate& operator=(const segregate&) = delete;
    ~segregate() = default;

    /// What the tier says, but no more than its limit; above all of them, what the last says.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        return want.fits_in(Limit) ? std::min(Limit.size, alloy::good_size(first_.get(), want))
                                   : alloy::good_size(rest_.get(), want);
    }

    /// @return A block of the first tier that `want` fits in, or of the last policy; null if that
    /// one has none. @complexity As that policy's.
    [[nodiscard, gnu::always_inline]] void* allocate(layout want) noexcept {
        return want.fits_in(Limit) ? first_.get().allocate(want) : rest_.get().allocate(want);
    }

    /// @pre `at` came from allocate() on this object and is still live.
    [[gnu::always_inline]] void deallocate(void* at, layout given) noexcept {
        if (given.fits_in(Limit)) { return first_.get().deallocate(at, given); }
        rest_.get().deallocate(at, given);
    }

    /// Zeroed bytes by the cheapest way that the tier has, though that may be to clear the block.
    [[nodiscard]] void* allocate_zeroed(layout want) noexcept
        requires(zeroing_policy<P> || zeroing_policy<rest>)
    {
        if (!want.fits_in(Limit)) { return zeroed_from(rest_.get(), want); }
        return zeroed_from(first_.get(), want);
    }

    /// Within a tier, where its policy can.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept
        requires(resizing_policy<P> || resizing_policy<rest>)
    {
        const bool small = given.fits_in(Limit);
        if (small != layout{size, given.align}.fits_in(Limit)) { return false; }
        return small ? resize_in(first_.get(), at, given, size)
                     : resize_in(rest_.get(), at, given, size);
    }

    /// Allocates `n` blocks of one tier into `out`. @return How many; fewer only when out of
    /// memory.
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept
        requires(batching_policy<P> || batching_policy<rest>)
    {
        return want.fits_in(Limit) ? detail::allocate_batch(first_.get(), want, out, n)
                                   : detail::allocate_batch(rest_.get(), want, out, n);
    }

    /// Releases the `n` blocks in `in`.
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept
        requires(batching_policy<P> || batching_policy<rest>)
    {
        if (given.fits_in(Limit)) { return detail::deallocate_batch(first_.get(), in, n, given); }
        detail::deallocate_batch(rest_.get(), in, n, given);
    }

    /// True for the blocks of every tier.
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires(owning_policy<P> && owning_policy<rest>)
    {
        return first_.get().owns(at) || rest_.get().owns(at);
    }

    /// Ends every block.
    void reset() noexcept
        requires(resettable_policy<P> && resettable_policy<rest>)
    {
        first_.get().reset();
        rest_.get().reset();
    }

    /// Lets every policy trim. @return Bytes that left them.
    std::size_t trim() noexcept // NOLINT(modernize-use-nodiscard): called for its effect
        requires(trimming_policy<P> || trimming_policy<rest>)
    {
        const std::size_t bytes = detail::trim_if_able(first_.get());
        return bytes + detail::trim_if_able(rest_.get());
    }

    /// Keeps everybody out of every policy that has a lock.
    void lock() noexcept
        requires lockable
    {
        detail::lock_each(first_.get(), rest_.get());
    }
    [[nodiscard]] bool try_lock() noexcept
        requires lockable
    {
        return detail::try_lock_each(first_.get(), rest_.get());
    }
    void unlock() noexcept
        requires lockable
    {
        detail::unlock_each(first_.get(), rest_.get());
    }

    using upstreams = policies<P, rest>;
    void each_upstream(auto visit) noexcept {
        visit(first_.get());
        visit(rest_.get());
    }

private:
    template <class Last>
    static constexpr Last&& for_rest(Last& last) noexcept {
        return std::move(last);
    }
    template <class... Others>
        requires(sizeof...(Others) > 1)
    static constexpr auto for_rest(Others&... others) noexcept {
        return std::tuple<std::piecewise_construct_t, Others&&...>(std::piecewise_construct,
                                                                   std::move(others)...);
    }

    static void* zeroed_from(auto&& source, layout want) noexcept {
        return detail::allocate_zeroed(source, want);
    }

    template <class Q>
    static bool resize_in(Q&& owner, void* at, layout given, std::size_t size) noexcept {
        if constexpr (resizing_policy<std::remove_cvref_t<Q>>) {
            return owner.resize(at, given, size);
        }
        return false;
    }

    [[no_unique_address]] detail::member<P, tier<Limit, P>> first_;
    [[no_unique_address]] detail::member<rest, segregate> rest_;
};

} // namespace alloy::inline ALLOY_ABI
