// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Assemblies of the literature: two strategies, one source, and what neither does alone.
///
/// | name          | made of             | good at             | pays with         | after    |
/// |---------------|---------------------|---------------------|-------------------|----------|
/// | `buddy_pool`  | `pool16` on `buddy` | all sizes, merging  | 2^n if large      | Bonwick  |
/// | `reap`        | lists on `bump`     | phases, and frees   | space until reset | Berger   |
/// | `arena_pool`  | `pool16` on `bump`  | phases, small nodes | space until reset | Austern  |
/// | `stack_first` | bytes, then a heap  | what a call needs   | a test a release  | D's      |
/// | `quick_fit`   | lists on `buddy`    | a few hot sizes     | 2^n               | Weinstock|
/// | `real_time`   | `buddy`, then none  | the slowest call    | 2^n, a fixed range| Puaut    |
///
/// The last parameter of each is its source, where all of its memory comes from; threads share one
/// behind `locked`. `stack_first` stands in compose/fallback.hpp.

#include <alloy/compose/segregate.hpp>
#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/chain.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/null.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// True if a block of each class has room for a link, and aligns it.
template <class Classes>
consteval bool hold_a_link() {
    std::size_t i = 0;
    while (i < Classes::count && layout_of<link>.fits_in(Classes::at(i))) { ++i; }
    return i == Classes::count;
}

/// Lists of free blocks, one a size class, in front of one upstream; what has no class, or is
/// aligned above every fundamental type, goes there by itself.
///
///     lists_[1]  16 bytes  --> [link|....] --> [link|....] --> null    from upstream, one by one
///
/// Above a region, which cannot use a single block again, the lists live and end with it. Above
/// anything else the blocks go back, by trim() and before a request is refused.
template <class Classes, policy Upstream>
class quick_lists {
    static_assert(is_size_map<Classes>() && hold_a_link<Classes>(),
                  "alloy::quick_fit: Sizes is no map to classes whose free blocks hold a link");
    static constexpr bool in_region = resettable_policy<Upstream>;
    static constexpr std::size_t strongest =
        std::min(alignof(std::max_align_t), Upstream::max_align);

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr guard_rank outermost_guard = guard_passed_on_v<Upstream>;

    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, quick_lists> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        quick_lists(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    quick_lists(const quick_lists&) = delete;
    quick_lists& operator=(const quick_lists&) = delete;

    ~quick_lists() {
        if constexpr (!in_region) { drain(); }
        forget();
    }

    /// The whole class; what has none, as upstream says.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        const std::size_t size = size_for(want);
        return size > Classes::largest ? alloy::good_size(upstream_.get(), want) : size;
    }

    /// Pops the newest block of the class, or asks upstream.
    [[nodiscard]] void* allocate(layout want) noexcept {
        const std::size_t size = size_for(want);
        if (size > Classes::largest) [[unlikely]] { return fresh(want); }
        chain& list = lists_[Classes::index_of(size)];
        if (!list.empty()) { return list.pop(size); }
        void* const at = fresh(block(Classes::index_of(size)));
        return at == nullptr ? nullptr : list.adopt(at, size);
    }

    void deallocate(void* at, layout given) noexcept {
        const std::size_t size = size_for(given);
        if (size > Classes::largest) [[unlikely]] { return upstream_.get().deallocate(at, given); }
        lists_[Classes::index_of(size)].push(at, size);
    }

    /// Within the class, or where upstream can do it.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept {
        const std::size_t before = size_for(given);
        const std::size_t after = size_for({size, given.align});
        if (before <= Classes::largest) { return before == after; }
        if constexpr (resizing_policy<Upstream>) {
            return after > Classes::largest && upstream_.get().resize(at, given, size);
        }
        return false;
    }

    [[nodiscard]] bool owns(const void* at) const noexcept
        requires owning_policy<Upstream>
    {
        return upstream_.get().owns(at);
    }

    /// Ends every block, and the lists with them. @complexity O(classes), and upstream's.
    void reset() noexcept
        requires in_region
    {
        forget();
        upstream_.get().reset();
    }

    /// Empties the lists, save above a region; lets upstream trim. @return Bytes that left.
    std::size_t trim() noexcept // NOLINT(modernize-use-nodiscard): called for its effect
        requires(!in_region || trimming_policy<Upstream>)
    {
        if constexpr (in_region) { return upstream_.get().trim(); }
        const std::size_t bytes = drain();
        trim_if_able(upstream_.get());
        return bytes;
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// What the lists hold. @complexity O(free).
    [[nodiscard]] byte_account account() const noexcept { return kept_in_bins(*this); }

    /// A bin for each class.
    static constexpr std::size_t bins = Classes::count;
    [[nodiscard]] bin_account bin(std::size_t index) const noexcept {
        return {block(index).size, lists_[index].count()};
    }

private:
    /// Bytes of a block of its class; more than the largest exactly if none serves `want`.
    static constexpr std::size_t size_for(layout want) noexcept {
        return want.align > strongest ? Classes::largest + 1 : Classes::rounded(want);
    }
    static constexpr layout block(std::size_t index) noexcept {
        return {Classes::at(index).size, std::min(Classes::at(index).align, strongest)};
    }

    void* fresh(layout want) noexcept {
        void* const at = upstream_.get().allocate(want);
        const bool hopeless = want.align > max_align || want.size > max_size_v<Upstream>;
        if (in_region || at != nullptr || hopeless || drain() == 0) [[likely]] { return at; }
        return upstream_.get().allocate(want);
    }

    [[gnu::noinline, gnu::cold]] std::size_t drain() noexcept {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < Classes::count; ++i) {
            for (; !lists_[i].empty(); bytes += block(i).size) {
                void* const at = lists_[i].unlink();
                unpoison(at, block(i).size);
                upstream_.get().deallocate(at, block(i));
            }
        }
        return bytes;
    }

    void forget() noexcept {
        for (chain& list : lists_) {
            list.clear();
            close_pool(&list);
        }
    }

    std::array<chain, Classes::count> lists_{};
    [[no_unique_address]] member<Upstream, quick_lists> upstream_;
};

/// Multiples of 8 to 128, then four sizes an octave to 32 KiB; bytes.
inline constexpr auto reap_sizes = [] {
    std::array<std::size_t, 48> sizes{};
    for (std::size_t i = 0; i < 16; ++i) { sizes[i] = 8 * (i + 1); }
    for (std::size_t i = 16; i < 48; ++i) { sizes[i] = (i % 4 + 5) * (32U << (i / 4 - 4)); }
    return sizes;
}();

/// What a buddy of 16-byte units makes of any size to 1 KiB; bytes.
inline constexpr std::array<std::size_t, 7> quick_sizes{16, 32, 64, 128, 256, 512, 1024};

/// The largest and strongest request that a buddy meets from its range.
constexpr layout largest_in(range_options range) noexcept {
    const std::size_t whole = std::bit_floor(range.bytes / range.unit) * range.unit;
    const std::size_t size = std::min(range.largest, whole - std::min(whole, redzone));
    return {size, std::min(range.align, whole)};
}

/// Bytes that a buddy's range and its metadata take of a buffer.
constexpr std::size_t footprint(range_options range) noexcept {
    const auto units = static_cast<std::uint32_t>(range.bytes / range.unit);
    const std::size_t words = buddy_extent::metadata_words(units) + 1; // one to align them
    return range.bytes + range.align + 4 * words + 2 * redzone;
}

} // namespace detail

/// Small blocks from bins, large ones whole, from one buddy: what the bins return by trim() merges,
/// and may be large again. Choose it for objects and buffers in one range. Avoid it for large
/// blocks just above a power of two.
///
/// @source Slabs on a buddy, as in Linux: J. Bonwick, "The Slab Allocator", USENIX Summer 1994;
///         M. Gorman, Understanding the Linux Virtual Memory Manager, 2004, chapters 6 and 8.
template <range_options Range =
              range_options{.bytes = std::size_t{1} << 36U, .largest = std::size_t{1} << 25U},
          policy Upstream = reserved_pages>
using buddy_pool = pool16<buddy<Range, Upstream>>;

/// A region that takes single blocks back: up to 32 KiB, the next request of the class gets them.
/// Choose it for phases that end as a whole and free much on the way. Avoid it where nothing ends
/// as a whole: no block ever serves another class.
///
/// @source E. D. Berger et al., "Reconsidering Custom Memory Allocation", OOPSLA 2002.
template <bump_options Options = bump_options{}, policy Upstream = new_source>
using reap = detail::quick_lists<listed_classes<detail::reap_sizes>, bump<Options, Upstream>>;

/// The SGI pool, its regions from an arena. Choose it for the small nodes of one phase, 20 of a
/// size side by side. Avoid it for blocks above 128 bytes that come and go: they stay used.
///
/// @source M. Austern, Generic Programming and the STL, 1998.
template <bump_options Options = bump_options{}, policy Upstream = new_source>
using arena_pool = pool16<bump<Options, Upstream>>;

/// A list for each of `Sizes`, the hot ones, and a buddy for all else. Blocks merge late, but what
/// the lists keep goes back before a request is refused. Choose it for mixed sizes of which a few
/// are frequent. Avoid it where each call must be short: one that empties the lists is not.
///
/// @source C. B. Weinstock and W. A. Wulf, "Quick Fit", SIGPLAN Notices 23(10), 1988.
template <class Sizes = listed_classes<detail::quick_sizes, 16>,
          range_options Range = range_options{.bytes = std::size_t{1} << 34U,
                                              .unit = 16,
                                              .largest = std::size_t{1} << 25U},
          policy Upstream = reserved_pages>
using quick_fit = detail::quick_lists<Sizes, buddy<Range, Upstream>>;

/// A buddy that asks once: the first request takes range and metadata, and clears these. What has
/// no room there is null. Choose it where the slowest call counts. Avoid it where the average does.
///
/// The tree has log2(Range.bytes / Range.unit) levels, ten by default. After the first request,
/// allocate() takes at most two steps a level, deallocate() one, and a refusal one in all. Whether
/// memory is there when it is first touched is up to its source: by default, the object.
///
/// @source I. Puaut, "Real-Time Performance of Dynamic Memory Allocation Algorithms", ECRTS 2002.
template <range_options Range = range_options{.bytes = std::size_t{1} << 16U, .align = 64},
          policy Upstream = inline_buffer<detail::footprint(Range)>>
using real_time = segregate<tier<detail::largest_in(Range), buddy<Range, Upstream>>, null_source>;

static_assert(trimming_policy<buddy_pool<>> && trimming_policy<quick_fit<>>);
static_assert(resettable_policy<reap<>> && resettable_policy<arena_pool<>>);

} // namespace alloy::inline ALLOY_ABI
