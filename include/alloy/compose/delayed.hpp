// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::delayed`: a released block rests until many others of its size were released.
///
///     caller -->  [ p | p | p | p | p | p | p | p ]  --> upstream       a row a size class
///                   ^ newest     ^ oldest: goes next
///
/// Upstream hands the newest block out again at once, where a pointer that was kept too long still
/// leads. Here it gets each block back `Slots` releases later, first in, first out; what is written
/// meanwhile hits nobody.
///
/// Choose it against uses after release that cannot be found in tests, in front of a pool: see
/// guarded_pool. Avoid it for speed: a block that has rested is cold. `checked` has a quarantine
/// that is bounded by bytes and tells such writes.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/size_class.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Holds the last `Slots` released blocks of each class of `Classes` back; passes on what has no
/// class.
///
/// @tparam Classes  Which class serves what; see linear_classes.
/// @tparam Upstream Where blocks come from.
/// @tparam Slots    Blocks held back of a class; a power of two.
///
/// @threads None.
/// @source  The quarantines of D. Micay's hardened_malloc.
template <class Classes, policy Upstream, std::size_t Slots = 256>
class delayed {
    static_assert(std::has_single_bit(Slots), "alloy::delayed: Slots is no power of two");
    static_assert(detail::outermost_guard_of_classes_v<Upstream> <= guard_rank::cache,
                  "alloy::delayed: it would hide releases from the guard inside of it");
    static_assert(detail::strongest_of<Classes> <= Upstream::max_align,
                  "alloy::delayed: Upstream cannot align the blocks of a class");

    struct row {
        std::size_t released = 0; // so far
        std::array<void*, Slots> slots{};
    };

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream>;
    static constexpr bool zero_fresh = zero_fresh_v<Upstream>;
    static constexpr guard_rank outermost_guard = guard_rank::cache;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, delayed> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        delayed(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    delayed(const delayed&) = delete;
    delayed& operator=(const delayed&) = delete;

    /// Returns what rests upstream.
    ~delayed() { clear(); }

    /// The whole class; what has none, as upstream says.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        return keeps(want) ? Classes::rounded(want) : alloy::good_size(upstream_.get(), want);
    }

    /// A block of upstream. @return Null if it is out; what rests stays, and a `retrying` outside
    /// may trim() it.
    [[nodiscard, gnu::always_inline]] void* allocate(layout want) noexcept {
        return upstream_.get().allocate(whole(want));
    }

    /// As allocate(), zeroed.
    [[nodiscard]] void* allocate_zeroed(layout want) noexcept
        requires zeroing_policy<Upstream>
    {
        return upstream_.get().allocate_zeroed(whole(want));
    }

    /// Lets the block rest; the one that has rested longest goes upstream, if there is no room.
    /// @pre `at` came from allocate() on this object and is still live. @complexity O(1).
    [[gnu::always_inline]] void deallocate(void* at, layout given) noexcept {
        if (!keeps(given)) [[unlikely]] { return upstream_.get().deallocate(at, given); }
        const std::size_t index = Classes::index(given);
        const layout block = Classes::at(index);
        detail::expect_live(at);
        detail::poison(at, block.size);
        row& resting = rows_[index];
        void*& oldest = resting.slots[resting.released++ % Slots];
        give_up(std::exchange(oldest, at), block);
    }

    /// True for every block, where upstream can tell its own from others.
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires owning_policy<Upstream>
    {
        return upstream_.get().owns(at);
    }

    /// Returns what rests upstream, and lets upstream trim. @return Bytes that left this policy.
    std::size_t trim() noexcept { // NOLINT(modernize-use-nodiscard): called for its effect
        const std::size_t bytes = clear();
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// What rests. @complexity O(classes and slots).
    [[nodiscard]] byte_account account() const noexcept { return kept_in_bins(*this); }

    /// A bin for each class.
    static constexpr std::size_t bins = Classes::count;
    [[nodiscard]] bin_account bin(std::size_t index) const noexcept {
        const auto& slots = rows_[index].slots;
        const auto empty = std::count(slots.begin(), slots.end(), nullptr);
        return {Classes::at(index).size, Slots - static_cast<std::size_t>(empty)};
    }

private:
    /// True for what has a class that upstream serves whole.
    static constexpr bool keeps(layout want) noexcept {
        return Classes::serves(want) && Classes::rounded(want) <= max_size;
    }

    /// What upstream is asked for.
    static constexpr layout whole(layout want) noexcept {
        return keeps(want) ? Classes::at(Classes::index(want)) : want;
    }

    /// Upstream gets the block back, if there is one. @return Its bytes.
    [[gnu::always_inline]] std::size_t give_up(void* at, layout block) noexcept {
        if (at == nullptr) [[unlikely]] { return 0; }
        detail::unpoison(at, block.size);
        upstream_.get().deallocate(at, block);
        return block.size;
    }

    std::size_t clear() noexcept {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < Classes::count; ++i) {
            for (void*& each : rows_[i].slots) {
                bytes += give_up(std::exchange(each, nullptr), Classes::at(i));
            }
        }
        return bytes;
    }

    std::array<row, Classes::count> rows_{};
    [[no_unique_address]] detail::member<Upstream, delayed> upstream_;
};

} // namespace alloy::inline ALLOY_ABI
