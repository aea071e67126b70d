// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::pool16`: 16 bins of small sizes, refilled from one region; the SGI design.
///
///     bins_[0]   8 bytes   --> [link] --> [link] --> null
///     bins_[1]  16 bytes   --> [link|....] --> null
///       ...
///     bins_[15] 128 bytes  --> null
///
///     free_:  |  carved, live or in a bin  |   rest, for the next refill   |
///
/// A request pops the newest block of its bin. An empty bin is refilled with 20 blocks cut from the
/// region; when the region is used up, upstream gives a larger one. What is above 128 bytes, or
/// aligned above it, goes upstream by itself.
///
/// Choose it as the general allocator for small objects of many types: nodes, short strings, small
/// arrays. Avoid it where few large buffers dominate, and where memory must shrink by itself: free
/// regions go back by trim() alone.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/chunk.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/region.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Small blocks from bins, large ones from `Upstream`.
///
/// What differs from the original: every type gets its alignment, the bin is a constant for a
/// request that is one, upstream is asked before anything is touched, all regions go back at the
/// end, and trim() gives back those without a live block.
/// @tparam Links How free blocks are linked.
/// @threads None: share one only behind `locked`.
/// @source  The SGI STL's __default_alloc_template (M. Austern, Generic Programming and the STL,
///          1998).
template <policy Upstream = new_source, links Links = links::plain>
class pool16 {
    using classes = linear_classes<8, 16>;
    static constexpr bool in_region = resettable_policy<Upstream>;
    static_assert(Upstream::max_align >= detail::chunk_list::align,
                  "alloy::pool16: Upstream cannot align a region");

public:
    static constexpr std::size_t max_align = std::max(classes::largest, Upstream::max_align);
    static constexpr guard_rank outermost_guard = detail::guard_passed_on_v<Upstream>;

    /// Blocks that one refill cuts, where the region is long enough.
    static constexpr std::size_t refill_count = 20;
    /// The largest region taken from upstream, in bytes.
    static constexpr std::size_t max_region = std::size_t{1} << 20U;

    /// Called when upstream refuses, before a request is tried once more and given up: it may make
    /// memory available elsewhere. It must not use this pool.
    using out_of_memory = void (*)(void* context) noexcept;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, pool16> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        pool16(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    pool16(const pool16&) = delete;
    pool16& operator=(const pool16&) = delete;

    /// Returns every region upstream, and every small block with it; live blocks above 128 bytes
    /// stay the caller's to release first.
    ~pool16() {
        chunks_.release(upstream_.get());
        for (detail::chain& bin : bins_) { detail::close_pool(&bin); }
    }

    /// The whole block of the bin; above 128 bytes, what upstream says.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        return classes::serves(want) ? classes::rounded(want)
                                     : alloy::good_size(upstream_.get(), want);
    }

    /// @return A block, or null if upstream is out. @complexity O(1), but for a refill.
    [[nodiscard, gnu::always_inline]] void* allocate(layout want) noexcept {
        const std::size_t size = classes::rounded(want);
        if (size > classes::largest) [[unlikely]] { return allocate_large(want); }
        void* const at = bins_[classes::index_of(size)].pop(size, code_);
        if (at == nullptr) [[unlikely]] { return refill(classes::index_of(size)); }
        return at;
    }

    /// Keeps the block in its bin; a large one goes upstream. @complexity O(1).
    /// @pre `at` came from allocate() on this object and is still live.
    [[gnu::always_inline]] void deallocate(void* at, layout given) noexcept {
        ALLOY_ASSERT(at != nullptr);
        const std::size_t size = classes::rounded(given);
        if (size > classes::largest) [[unlikely]] { return upstream_.get().deallocate(at, given); }
        bins_[classes::index_of(size)].push(at, size, code_);
    }

    /// Within a bin, or where upstream can do it.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept {
        const layout want{size, given.align};
        if (classes::serves(given)) {
            return classes::serves(want) && classes::index(want) == classes::index(given);
        }
        if constexpr (resizing_policy<Upstream>) {
            return !classes::serves(want) && upstream_.get().resize(at, given, size);
        }
        return false;
    }

    /// Ends every block, and upstream's, which is an arena. @complexity As upstream's reset().
    void reset() noexcept
        requires in_region
    {
        for (detail::chain& bin : bins_) {
            bin.clear();
            detail::close_pool(&bin);
        }
        free_ = {};
        chunks_ = {};
        upstream_.get().reset();
    }

    /// Returns every region without a live block upstream, unless that is an arena, and lets
    /// upstream trim. The bins are then in address order. @return Bytes that left this policy.
    /// @complexity O(n log n) in the free blocks.
    std::size_t trim() noexcept {
        if constexpr (in_region) { return detail::trim_if_able(upstream_.get()); }
        with_plain_links([this](auto each_bin) noexcept {
            detail::find_spare(chunks_, each_bin, free_.at(), free_.rest());
        });
        if (free_.rest() != 0 && chunks_.find(free_.at()).spare()) { free_ = {}; }
        const auto spare = [](detail::chunk& each) noexcept { return each.spare(); };
        const std::size_t bytes = chunks_.release_if(upstream_.get(), spare);
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    /// Sets what is called when upstream refuses; null for nothing.
    void on_out_of_memory(out_of_memory handler, void* context = nullptr) noexcept {
        handler_ = handler;
        context_ = context;
    }

    /// Bytes of all regions.
    [[nodiscard]] std::size_t held() const noexcept { return chunks_.bytes(); }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// The bins are in address order then, as after trim(). @complexity O(n log n) in free blocks.
    [[nodiscard]] byte_account account() noexcept {
        byte_account sum;
        with_plain_links([&](auto each_bin) noexcept {
            sum = detail::account_of(chunks_, each_bin, free_.at(), free_.rest());
        });
        return sum;
    }

    /// The free blocks of each bin. @complexity O(free).
    static constexpr std::size_t bins = classes::count;
    [[nodiscard]] bin_account bin(std::size_t index) const noexcept {
        return {classes::at(index).size, bins_[index].count(code_)};
    }

private:
    static constexpr std::size_t stride(std::size_t index) noexcept {
        const layout block = classes::at(index);
        return detail::round_up(block.size + detail::redzone, block.align);
    }

    /// Bytes from `at` up to where a block of bin `index` may start.
    static std::size_t padding(const void* at, std::size_t index) noexcept {
        return (~detail::address(at) + 1) & (classes::at(index).align - 1);
    }

    static bool has_room(detail::region where, std::size_t index) noexcept {
        return where.rest() >= padding(where.at(), index) + stride(index);
    }

    /// `call(each_bin)`, where `each_bin(visit)` calls `visit(bin, stride)` for each bin.
    template <class Call>
    void with_plain_links(Call call) noexcept {
        if constexpr (Links != links::plain) {
            for (detail::chain& bin : bins_) { bin.decode(code_); }
        }
        call([this](auto visit) noexcept {
            for (std::size_t i = 0; i < classes::count; ++i) { visit(bins_[i], stride(i)); }
        });
        if constexpr (Links != links::plain) {
            for (detail::chain& bin : bins_) { bin.encode(code_); }
        }
    }

    [[gnu::noinline, gnu::cold]] void* allocate_large(layout want) noexcept {
        void* const at = upstream_.get().allocate(want);
        if (at != nullptr || handler_ == nullptr) { return at; }
        handler_(context_);
        return upstream_.get().allocate(want);
    }

    [[gnu::noinline]] void* refill(std::size_t index) noexcept {
        if constexpr (Links != links::plain) { bins_[index].give_up(); }
        if (!has_room(free_, index) && !extend(index)) {
            if (handler_ == nullptr) { return nullptr; }
            handler_(context_);
            if (!extend(index)) { return nullptr; }
        }
        std::byte* const first = free_.at() + padding(free_.at(), index);
        file(free_.at(), first);
        const auto room = static_cast<std::size_t>(free_.end() - first);
        const std::size_t n = std::min(refill_count, room / stride(index));
        for (std::size_t i = n; --i > 0;) { bins_[index].keep(first + i * stride(index), code_); }
        free_ = {first + n * stride(index), free_.end()};
        return bins_[index].adopt(first, classes::at(index).size);
    }

    /// Points `free_` to where at least one block of bin `index` fits: a new region, or, when
    /// upstream refuses, a free block of a larger bin. The old rest goes to the bins.
    bool extend(std::size_t index) noexcept {
        const std::size_t bytes = sizeof(detail::chunk) + 2 * refill_count * stride(index) +
                                  detail::round_up(held() / 16, classes::at(0).size);
        detail::chunk* const fresh = chunks_.acquire(upstream_.get(), std::min(bytes, max_region));
        if (fresh != nullptr) {
            code_.admit(fresh->begin(), static_cast<std::size_t>(fresh->end() - fresh->begin()));
            file(free_.at(), free_.end());
            free_ = {fresh->begin(), fresh->end()};
            return true;
        }
        for (std::size_t larger = index + 1; larger < classes::count; ++larger) {
            const detail::region block = search(larger, index);
            if (block.rest() == 0) { continue; }
            file(free_.at(), free_.end());
            free_ = block;
            return true;
        }
        return false;
    }

    /// Takes the newest block of bin `larger` in which one of bin `index` can be aligned, and
    /// leaves the others in their order. @return An empty region if there is none.
    detail::region search(std::size_t larger, std::size_t index) noexcept {
        detail::region found;
        detail::chain misfits;
        while (void* const newest = found.rest() == 0 ? bins_[larger].unlink(code_) : nullptr) {
            auto* const at = static_cast<std::byte*>(newest);
            const detail::region block{at, at + stride(larger)};
            if (has_room(block, index)) {
                found = block;
            } else {
                misfits.keep(at);
            }
        }
        while (void* const at = misfits.unlink()) { bins_[larger].keep(at, code_); }
        return found;
    }

    /// Gives a range to the bins: each time the largest block that fits there and is aligned.
    /// A last piece too short for any bin is idle for good.
    void file(std::byte* from, std::byte* to) noexcept {
        while (from != to) {
            std::size_t index = classes::count;
            while (index > 0 && !fits(from, to, index - 1)) { --index; }
            if (index == 0) {
                chunks_.find(from).idle += static_cast<std::size_t>(to - from);
                return;
            }
            bins_[index - 1].keep(from, code_);
            from += stride(index - 1);
        }
    }

    static bool fits(const std::byte* from, const std::byte* to, std::size_t index) noexcept {
        return padding(from, index) == 0 && static_cast<std::size_t>(to - from) >= stride(index);
    }

    detail::chain bins_[classes::count]; // NOLINT(*-avoid-c-arrays): no calls in debug builds
    [[no_unique_address]] detail::link_code<Links, classes::at(0).align> code_;
    detail::region free_;
    detail::chunk_list chunks_;
    out_of_memory handler_ = nullptr;
    void* context_ = nullptr;
    [[no_unique_address]] detail::member<Upstream, pool16> upstream_;
};

static_assert(rounding_policy<pool16<>> && resizing_policy<pool16<>> && trimming_policy<pool16<>>);

} // namespace alloy::inline ALLOY_ABI
