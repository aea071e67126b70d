// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::fallback`: blocks of one policy while it has any, then of another.
///
///     want --> First                          null?
///                \-> Second                   a spill
///     at   --> First owns it? back to First : back to Second
///
/// The first is asked for every block and must know its own; the second gets what it refuses.
///
/// Choose it to put something small and fast, or bounded, in front of something that always serves;
/// `stack_first` for what is nearly always small and short-lived: the containers of one call. Avoid
/// it where the first is full for long: then it is asked in vain for every block.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Serves from `First`, and from `Second` what `First` refuses.
///
/// @tparam First  Tells its own blocks from others'.
/// @tparam Second Decides how strongly a block can be aligned: whatever it cannot is refused, since
///                nobody knows when the first will be full. null_source for no more than `First`.
/// @threads As both together.
/// @source  D's FallbackAllocator: A. Alexandrescu, std.experimental.allocator, 2013.
template <owning_policy First, policy Second>
class fallback {
    static constexpr bool lockable = lockable_policy<First> || lockable_policy<Second>;

public:
    static constexpr std::size_t max_align = Second::max_align; ///< Bytes.
    static constexpr std::size_t max_size = std::max(max_size_v<First>, max_size_v<Second>);
    static constexpr bool thread_safe = thread_safe_v<First> && thread_safe_v<Second>;
    static constexpr bool single_threaded = // First sees every call
        single_threaded_v<First> || (thread_safe_v<First> && single_threaded_v<Second>);
    static constexpr bool zero_fresh = zero_fresh_v<First> && zero_fresh_v<Second>;
    static constexpr bool keeps_origins = keeps_origins_v<First> || keeps_origins_v<Second>;
    static constexpr guard_rank outermost_guard =
        std::max(outermost_guard_v<First>, outermost_guard_v<Second>);

    /// Constructs the second in place from `args`, the first from nothing; acquires nothing.
    template <class... Args>
        requires std::default_initializable<First> && std::constructible_from<Second, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, fallback> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        fallback(Args&&... args) noexcept(std::is_nothrow_constructible_v<Second, Args...>)
        : second_(std::in_place, std::forward<Args>(args)...) {}

    /// Constructs each in place from a tuple of its own; acquires nothing.
    template <class... FirstArgs, class... SecondArgs>
    constexpr fallback(std::piecewise_construct_t /*each*/, std::tuple<FirstArgs...> first,
                       std::tuple<SecondArgs...> second)
        : first_(std::move(first)), second_(std::move(second)) {}

    fallback(const fallback&) = delete;
    fallback& operator=(const fallback&) = delete;

    /// Ends the first and the second; their live blocks end as theirs do.
    ~fallback() = default;

    /// What both make of it.
    [[nodiscard]] std::size_t good_size(layout want) const noexcept
        requires rounding_policy<First> && rounding_policy<Second>
    {
        return std::min(first_.get().good_size(want), second_.get().good_size(want));
    }

    /// @return A block of the first, else of the second, else null. @complexity As theirs.
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (want.align > max_align) [[unlikely]] { return nullptr; }
        void* const at = first_.get().allocate(want);
        if (at != nullptr) [[likely]] { return at; }
        spill();
        return second_.get().allocate(want);
    }

    /// As allocate(), zeroed.
    [[nodiscard]] void* allocate_zeroed(layout want) noexcept
        requires zeroing_policy<First> && zeroing_policy<Second>
    {
        if (want.align > max_align) [[unlikely]] { return nullptr; }
        void* const at = first_.get().allocate_zeroed(want);
        if (at != nullptr) [[likely]] { return at; }
        spill();
        return second_.get().allocate_zeroed(want);
    }

    /// @pre `at` came from this object and is still live.
    void deallocate(void* at, layout given) noexcept {
        if (first_.get().owns(at)) { return first_.get().deallocate(at, given); }
        second_.get().deallocate(at, given);
    }

    /// Where the block is, if its policy can.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept
        requires resizing_policy<First> || resizing_policy<Second>
    {
        if (first_.get().owns(at)) {
            if constexpr (resizing_policy<First>) { return first_.get().resize(at, given, size); }
        } else if constexpr (resizing_policy<Second>) {
            return second_.get().resize(at, given, size);
        }
        return false;
    }

    /// True for a block of either.
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires owning_policy<Second>
    {
        return first_.get().owns(at) || second_.get().owns(at);
    }

    /// Ends every block.
    void reset() noexcept
        requires resettable_policy<First> && resettable_policy<Second>
    {
        first_.get().reset();
        second_.get().reset();
    }

    /// Lets both trim. @return Bytes that left them.
    std::size_t trim() noexcept // NOLINT(modernize-use-nodiscard): called for its effect
        requires trimming_policy<First> || trimming_policy<Second>
    {
        return detail::trim_if_able(first_.get()) + detail::trim_if_able(second_.get());
    }

    /// Keeps everybody out of both, as far as they have locks.
    void lock() noexcept
        requires lockable
    {
        detail::lock_each(first_.get(), second_.get());
    }
    [[nodiscard]] bool try_lock() noexcept
        requires lockable
    {
        return detail::try_lock_each(first_.get(), second_.get());
    }
    void unlock() noexcept
        requires lockable
    {
        detail::unlock_each(first_.get(), second_.get());
    }

    /// Requests that went to the second, met or not: zero, if the first was enough.
    [[nodiscard]] std::size_t spills() const noexcept {
        return spills_.load(std::memory_order_relaxed);
    }

    using upstreams = policies<First, Second>;
    void each_upstream(auto visit) noexcept {
        visit(first_.get());
        visit(second_.get());
    }

private:
    struct first_tag;
    struct second_tag;

    void spill() noexcept {
        if constexpr (thread_safe) {
            spills_.fetch_add(1, std::memory_order_relaxed);
        } else {
            spills_.store(spills() + 1, std::memory_order_relaxed);
        }
    }

    [[no_unique_address]] detail::member<First, first_tag> first_;
    [[no_unique_address]] detail::member<Second, second_tag> second_;
    std::atomic<std::size_t> spills_{0};
};

/// Blocks from `Bytes` bytes in place while they last, then from `Upstream`; for one scope, by
/// `ref`. The newest block in place may grow, shrink and come back; an older one's bytes stay used.
///
/// @tparam Bytes Room in the object; alignment and, under AddressSanitizer, gaps come off it.
template <std::size_t Bytes, policy Upstream = new_source>
using stack_first = fallback<inline_buffer<Bytes>, Upstream>;

static_assert(resizing_policy<stack_first<64>> && !owning_policy<stack_first<64>>);

} // namespace alloy::inline ALLOY_ABI
