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
#include <alloy/core/sanitize.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Keeps the blocks that were released last; passes on what is larger than `Bytes`.
///
/// @tparam Bytes    Kept at most.
/// @tparam Upstream Where blocks come from, and go to when younger ones need their place.
/// @tparam Slots    Blocks kept at most.
///
/// @threads None: put it inside `locked` to share it.
/// @source  The large-object space of Boehm and Weiser's collector and the huge caches of jemalloc,
///          reduced to one row in order of age.
template <std::size_t Bytes, policy Upstream = new_source, std::size_t Slots = 32>
class retaining {
    static_assert(Slots > 0, "alloy::retaining: no slot to keep a block in");
    static_assert(outermost_guard_v<Upstream> <= guard_rank::cache,
                  "alloy::retaining: a cache would hide releases from the guard inside of it");

    struct kept {
        void* at;
        layout block;
    };

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream>;
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
    ~retaining() { give_back(count_); }

    /// As upstream says.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        return alloy::good_size(upstream_.get(), aligned(want));
    }

    /// The newest kept block of that very layout, or else one from upstream. @return Null if
    /// upstream is out; what is kept stays, and a `retrying` outside may trim() it.
    /// @complexity O(Slots).
    [[nodiscard]] void* allocate(layout want) noexcept {
        const layout block = whole(want);
        for (std::size_t i = count_; i-- > 0;) {
            if (kept_[i].block != block) { continue; }
            void* const at = kept_[i].at;
            drop(i, 1);
            detail::unpoison(at, block.size);
            return at;
        }
        return upstream_.get().allocate(block);
    }

    /// Keeps the block; the oldest go upstream to make room for it.
    /// @pre `at` came from allocate() on this object and is still live; asserted for kept ones.
    /// @complexity O(Slots).
    void deallocate(void* at, layout given) noexcept {
        const layout block = whole(given);
        if (block.size > Bytes) { return upstream_.get().deallocate(at, block); }
        ALLOY_ASSERT(std::none_of(kept_.begin(), kept_.begin() + count_,
                                  [at](const kept& each) { return each.at == at; }));
        detail::expect_live(at);
        std::size_t old = count_ == Slots ? 1 : 0;
        for (std::size_t left = bytes_ + block.size - bytes_of(old); left > Bytes; ++old) {
            left -= kept_[old].block.size;
        }
        give_back(old);
        detail::poison(at, block.size);
        kept_[count_++] = {at, block};
        bytes_ += block.size;
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
        const std::size_t bytes = bytes_;
        give_back(count_);
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// What is kept. @complexity O(1).
    [[nodiscard]] byte_account account() const noexcept {
        return {.taken = bytes_, .cached = bytes_};
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

    /// Bytes of the `n` oldest.
    [[nodiscard]] std::size_t bytes_of(std::size_t n) const noexcept {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < n; ++i) { bytes += kept_[i].block.size; }
        return bytes;
    }

    /// Forgets the `n` blocks from `first` on.
    void drop(std::size_t first, std::size_t n) noexcept {
        for (std::size_t i = first; i < first + n; ++i) { bytes_ -= kept_[i].block.size; }
        std::move(kept_.begin() + first + n, kept_.begin() + count_, kept_.begin() + first);
        count_ -= n;
    }

    /// Returns the `n` oldest upstream.
    void give_back(std::size_t n) noexcept {
        for (std::size_t i = 0; i < n; ++i) {
            detail::unpoison(kept_[i].at, kept_[i].block.size);
            upstream_.get().deallocate(kept_[i].at, kept_[i].block);
        }
        drop(0, n);
    }

    std::array<kept, Slots> kept_{}; // oldest first
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    [[no_unique_address]] detail::member<Upstream, retaining> upstream_;
};

static_assert(policy<retaining<4096>> && trimming_policy<retaining<4096>> &&
              migratory_v<retaining<4096>>);

} // namespace alloy::inline ALLOY_ABI
