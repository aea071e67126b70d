// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::size_classes`: one policy a size class, and one for everything larger.
///
///     want --> Classes::index --> [ bin 0 | bin 1 | ... | bin n-1 ]
///          \-> no class       --> large
///
/// A request is rounded up to its class, and meets a policy that knows one size alone. For a
/// request that is a constant, so is the way.
///
/// Choose it to make a general allocator of a strategy that serves one layout.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/size_class.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

namespace detail {

template <std::size_t I, policy Bin>
struct bin_slot {
    Bin bin{};
};

template <class Indices, class Classes, template <layout> class Bin>
struct bin_row;

/// Every bin, and what is true of all of them.
template <std::size_t... I, class Classes, template <layout> class Bin>
struct bin_row<std::index_sequence<I...>, Classes, Bin> : bin_slot<I, Bin<Classes::at(I)>>... {
    static_assert(((Bin<Classes::at(I)>::max_align >= Classes::at(I).align) && ...),
                  "alloy::size_classes: a Bin cannot align the blocks of its class");

    template <policy Large>
    using all_and = policies<Bin<Classes::at(I)>..., Large>;

    static constexpr std::size_t max_align = std::max({Classes::at(I).align...});
    static constexpr bool thread_safe = (thread_safe_v<Bin<Classes::at(I)>> && ...);
    static constexpr bool keeps_origins = (keeps_origins_v<Bin<Classes::at(I)>> || ...);
    static constexpr guard_rank outermost_guard =
        std::max({outermost_guard_v<Bin<Classes::at(I)>>...});
    static constexpr bool can_batch = (batching_policy<Bin<Classes::at(I)>> && ...);
    static constexpr bool can_lock = (lockable_policy<Bin<Classes::at(I)>> || ...);
    static constexpr bool can_trim = (trimming_policy<Bin<Classes::at(I)>> || ...);
};

} // namespace detail

/// Routes each request by size and alignment.
///
/// @tparam Classes Which class serves what; see linear_classes and listed_classes.
/// @tparam Bin     `Bin<layout>` is the policy of one class, default-constructible.
/// @tparam Large   Serves what no class does.
/// @threads As its policies together.
template <class Classes, template <layout> class Bin, policy Large>
class size_classes {
    static_assert(detail::is_size_map<Classes>(),
                  "alloy::size_classes: Classes is no map from sizes to classes");
    using indices = std::make_index_sequence<Classes::count>;
    template <std::size_t I>
    using slot = detail::bin_slot<I, Bin<Classes::at(I)>>;
    using bins = detail::bin_row<indices, Classes, Bin>;
    static constexpr bool lockable = bins::can_lock || lockable_policy<Large>;

public:
    /// The strongest alignment of any class, or of `Large`; bytes.
    static constexpr std::size_t max_align = std::max(bins::max_align, served_align_v<Large>);
    static constexpr bool thread_safe = bins::thread_safe && thread_safe_v<Large>;
    static constexpr bool keeps_origins = bins::keeps_origins || keeps_origins_v<Large>;
    static constexpr guard_rank outermost_guard =
        std::max(bins::outermost_guard, outermost_guard_v<Large>);
    static constexpr guard_rank outermost_guard_of_classes = bins::outermost_guard;

    constexpr size_classes() = default;
    size_classes(const size_classes&) = delete;
    size_classes& operator=(const size_classes&) = delete;
    ~size_classes() = default;

    /// The whole class; above all of them, what `Large` says.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        return Classes::serves(want) ? Classes::rounded(want)
                                     : alloy::good_size(large_.get(), want);
    }

    /// @return A block of the class's policy. @complexity As that policy's.
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (!Classes::serves(want)) [[unlikely]] { return large_.get().allocate(want); }
        void* at = nullptr;
        with_bin(want, [&](auto& bin, layout whole) noexcept { at = bin.allocate(whole); });
        return at;
    }

    /// @pre `at` came from allocate() on this object and is still live.
    void deallocate(void* at, layout given) noexcept {
        if (!Classes::serves(given)) [[unlikely]] { return large_.get().deallocate(at, given); }
        with_bin(given, [&](auto& bin, layout whole) noexcept { bin.deallocate(at, whole); });
    }

    /// Allocates `n` blocks of one class into `out`, or of `Large`. @return How many; fewer only
    /// when out of memory.
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept
        requires bins::can_batch
    {
        std::size_t done = 0;
        if (Classes::serves(want)) {
            with_bin(want, [&](auto& bin, layout whole) noexcept {
                done = bin.allocate_batch(whole, out, n);
            });
            return done;
        }
        return detail::allocate_batch(large_.get(), want, out, n);
    }

    /// Releases the `n` blocks in `in`.
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept
        requires bins::can_batch
    {
        if (Classes::serves(given)) {
            return with_bin(given, [&](auto& bin, layout whole) noexcept {
                bin.deallocate_batch(in, n, whole);
            });
        }
        detail::deallocate_batch(large_.get(), in, n, given);
    }

    /// Lets every policy trim. @return Bytes that left them.
    std::size_t trim() noexcept
        requires(bins::can_trim || trimming_policy<Large>)
    {
        return with_all([](auto&&... all) noexcept { return (detail::trim_if_able(all) + ...); });
    }

    /// Keeps everybody out of every policy that has a lock.
    void lock() noexcept
        requires lockable
    {
        with_all([](auto&&... all) noexcept { detail::lock_each(all...); });
    }
    [[nodiscard]] bool try_lock() noexcept
        requires lockable
    {
        return with_all([](auto&&... all) noexcept { return detail::try_lock_each(all...); });
    }
    void unlock() noexcept
        requires lockable
    {
        with_all([](auto&&... all) noexcept { detail::unlock_each(all...); });
    }

    using upstreams = typename bins::template all_and<Large>;
    void each_upstream(auto visit) noexcept {
        with_all([&](auto&&... all) noexcept { (visit(all), ...); });
    }

private:
    template <std::size_t I>
    auto& bin() noexcept {
        return static_cast<slot<I>&>(bins_).bin;
    }

    template <class Call>
    void with_bin(layout want, Call call) noexcept {
        const std::size_t index = Classes::index(want);
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            static_cast<void>(((index == I && (call(bin<I>(), Classes::at(I)), true)) || ...));
        }(indices{});
    }

    template <class Call>
    decltype(auto) with_all(Call call) noexcept {
        return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
            return call(bin<I>()..., large_.get());
        }(indices{});
    }

    bins bins_;
    [[no_unique_address]] detail::member<Large, size_classes> large_{std::in_place};
};

} // namespace alloy::inline ALLOY_ABI
