// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::shuffled`: which free block comes next is left to chance.
///
///     upstream --> [ p | p | p | p | p | p | p | p ]      a shelf a size class
///                            |
///                            '--> the caller              any slot, each as likely
///
/// A request fills the shelf up and takes a block out at random; a release puts its block in the
/// place of a random one, which goes upstream. So the next block is one of `Slots`, each as likely,
/// whatever order upstream has: log2(Slots) bits a request to guess. That it is the one that was
/// just released has a chance of 1 in `Slots`.
///
/// Choose it to make overflows and uses after release miss what they aim at, and to keep a
/// measurement from hanging on one lucky placement. Avoid it where neighbours in time should be
/// neighbours in memory, or memory is short: what a shelf keeps serves no other class. The
/// generator is fast and no cipher: whoever sees where many blocks lie can work out the rest.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/secret.hpp>
#include <alloy/core/size_class.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Keeps up to `Slots` free blocks of each class of `Classes` and hands out any; passes on what has
/// no class. Its first request draws a seed from the system, or from the environment variable
/// ALLOY_SEED to repeat a run. A child of fork() goes on with its parent's.
///
/// @tparam Classes  Which class serves what; see linear_classes.
/// @tparam Upstream Where blocks come from. While it is out, what the shelf has is handed out, with
///                  fewer to choose from.
/// @tparam Slots    Blocks kept at most for a class.
///
/// @threads None.
/// @source  The shuffling layer of C. Curtsinger and E. Berger, "STABILIZER", ASPLOS 2013; what it
///          is worth: G. Novark and E. Berger, "DieHarder", CCS 2010.
template <class Classes, policy Upstream, std::size_t Slots = 64>
class shuffled {
    static_assert(Slots >= 2, "alloy::shuffled: one slot leaves nothing to chance");
    static_assert(detail::strongest_of<Classes> <= Upstream::max_align,
                  "alloy::shuffled: Upstream cannot align the blocks of a class");
    static_assert(detail::outermost_guard_of_classes_v<Upstream> <= guard_rank::cache,
                  "alloy::shuffled: a cache would hide releases from the guard inside of it");

    struct shelf {
        std::size_t count = 0;
        std::array<void*, Slots> slots{};
    };

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream>;
    static constexpr guard_rank outermost_guard = guard_rank::cache;

    /// Bytes kept at most: `Slots` blocks of every class.
    static constexpr std::size_t most_kept = [] {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < Classes::count; ++i) { bytes += Slots * Classes::at(i).size; }
        return bytes;
    }();

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, shuffled> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        shuffled(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    shuffled(const shuffled&) = delete;
    shuffled& operator=(const shuffled&) = delete;

    /// Returns the kept blocks upstream.
    ~shuffled() {
        clear();
        detail::close_pool(this);
    }

    /// The whole class; what has none, as upstream says.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        return keeps(want) ? Classes::rounded(want) : alloy::good_size(upstream_.get(), want);
    }

    /// Takes any block off the shelf, filled up as far as upstream goes. @return Null if upstream
    /// is out and the shelf is empty. @complexity O(1), but for the first request of a class or
    /// after a trim().
    [[nodiscard, gnu::always_inline]] void* allocate(layout want) noexcept {
        if (!keeps(want)) [[unlikely]] { return upstream_.get().allocate(want); }
        const std::size_t index = Classes::index(want);
        shelf& kept = shelves_[index];
        if (kept.count < Slots) [[unlikely]] {
            fill(kept, Classes::at(index));
            if (kept.count == 0) { return nullptr; }
        }
        void*& chosen = kept.slots[any_of(kept.count)];
        void* const at = std::exchange(chosen, kept.slots[--kept.count]);
        detail::hand_out(this, at, Classes::at(index).size);
        return at;
    }

    /// Keeps the block; any of those kept goes upstream if there is no slot left.
    /// @pre `at` came from allocate() on this object and is still live. @complexity O(1).
    [[gnu::always_inline]] void deallocate(void* at, layout given) noexcept {
        if (!keeps(given)) [[unlikely]] { return upstream_.get().deallocate(at, given); }
        const std::size_t index = Classes::index(given);
        shelf& kept = shelves_[index];
        detail::take_back(this, at, Classes::at(index).size);
        if (kept.count < Slots) {
            kept.slots[kept.count++] = at;
        } else {
            give_up(std::exchange(kept.slots[any_of(Slots)], at), Classes::at(index));
        }
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
        const std::size_t bytes = clear();
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// What the shelves hold. @complexity O(classes).
    [[nodiscard]] byte_account account() const noexcept { return kept_in_bins(*this); }

    /// A bin for each class.
    static constexpr std::size_t bins = Classes::count;
    [[nodiscard]] bin_account bin(std::size_t index) const noexcept {
        return {Classes::at(index).size, shelves_[index].count};
    }

private:
    /// True for what has a class that upstream serves whole.
    static constexpr bool keeps(layout want) noexcept {
        return Classes::serves(want) && Classes::rounded(want) <= max_size;
    }

    void fill(shelf& kept, layout block) noexcept {
        if (state_ == 0) [[unlikely]] { state_ = detail::scattered(~detail::draw_seed()); }
        while (kept.count < Slots) {
            void* const fresh = upstream_.get().allocate(block);
            if (fresh == nullptr) [[unlikely]] { return; }
            if (kept.count == Slots) { // upstream's handler released
                return upstream_.get().deallocate(fresh, block);
            }
            detail::poison(fresh, block.size);
            kept.slots[kept.count++] = fresh;
        }
    }

    void give_up(void* at, layout block) noexcept {
        detail::unpoison(at, block.size);
        upstream_.get().deallocate(at, block);
    }

    std::size_t clear() noexcept {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < Classes::count; ++i) {
            shelf& kept = shelves_[i];
            bytes += kept.count * Classes::at(i).size;
            while (kept.count != 0) { give_up(kept.slots[--kept.count], Classes::at(i)); }
        }
        return bytes;
    }

    /// A number below `n`, each as likely: the upper half of a product instead of a remainder.
    /// @source W. Yi's wyrand, see folded(); D. Lemire, "Fast random integer generation in an
    ///         interval", ACM TOMACS 29 (2019).
    [[nodiscard]] std::size_t any_of(std::size_t n) noexcept {
        state_ += detail::golden;
        const std::uint64_t random = detail::folded(state_, state_ ^ 0xe703'7ed1'a0b4'28dbU);
        return static_cast<std::size_t>(((random >> 32U) * n) >> 32U);
    }

    std::uint64_t state_ = 0; // not drawn yet; never a guard's key, though both have one seed
    std::array<shelf, Classes::count> shelves_{};
    [[no_unique_address]] detail::member<Upstream, shuffled> upstream_;
};

} // namespace alloy::inline ALLOY_ABI
