// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::segment_heap`: pages of equal blocks, cut from segments.
///
///     | owner ... | page | page | page | ... |  blocks  |    blocks    |    blocks    | ...
///     '-- segment_head --- a header a page --'- page 0 -'--- page 1 ---'--- page 2 ---'
///
/// A segment is a chunk aligned to its size: the address of a block leads to it by a mask, and to
/// its page's header by a shift. Were each header in its own page, all of them would fall into the
/// same few sets of the cache.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/chunk.hpp>
#include <alloy/core/page.hpp>
#include <alloy/core/pairing_heap.hpp>
#include <alloy/core/region.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// What a segment begins with.
struct segment_head : chunk {
    std::array<segment_head*, 2> below; ///< See segment_tree.
    void* owner;                        ///< Whoever has the segment, for whoever has a block.
};

/// Segments, found by where they begin. Each stands on a way from the root that the bits of its
/// scattered address tell, so that any node below may take the place of one that goes.
/// @source Digital tree search: D. E. Knuth, The Art of Computer Programming vol. 3, 6.3 D.
class segment_tree {
public:
    /// True if a segment begins at `at`. @complexity Expected O(log n), 64 steps at most.
    [[nodiscard]] bool contains(const void* at) const noexcept {
        const segment_head* each = root_;
        for (std::uint64_t way = scattered(address(at)); each != nullptr && each != at; way /= 2) {
            each = each->below[way % 2];
        }
        return each != nullptr;
    }

    /// Adds a segment. @pre It is not there.
    void insert(segment_head* fresh) noexcept { *place_of(fresh) = fresh; }

    /// Takes a segment out. @pre It is there.
    void erase(segment_head* gone) noexcept {
        segment_head** const place = place_of(gone);
        segment_head** leaf = place;
        while ((*leaf)->below != std::array<segment_head*, 2>{}) {
            leaf = &(*leaf)->below[(*leaf)->below[0] == nullptr ? 1 : 0];
        }
        segment_head* const last = std::exchange(*leaf, nullptr);
        if (last == gone) { return; }
        last->below = gone->below;
        *place = last;
    }

private:
    /// The link that leads to a segment, or will.
    [[nodiscard]] segment_head** place_of(const segment_head* sought) noexcept {
        segment_head** at = &root_;
        std::uint64_t way = scattered(address(sought));
        for (; *at != nullptr && *at != sought; way /= 2) { at = &(*at)->below[way % 2]; }
        return at;
    }

    segment_head* root_ = nullptr;
};

/// A segment of `Bytes`, in pages of `PageBytes`; both are powers of two.
template <std::size_t Bytes, std::size_t PageBytes>
struct segment : segment_head {
    std::array<page, Bytes / PageBytes> pages;

    /// The segment that a block, or a page's header, is in.
    [[nodiscard, gnu::always_inline]] static segment& of(const void* at) noexcept {
        return *std::bit_cast<segment*>(address(at) & ~(Bytes - 1));
    }

    /// The page that a block is in.
    [[nodiscard, gnu::always_inline]] static page& page_of(const void* at) noexcept {
        return of(at).pages[address(at) % Bytes / PageBytes];
    }

    /// All of a page that blocks may be cut from; the first page is what the headers leave of it.
    [[nodiscard]] static region range(const page& one) noexcept {
        segment& home = of(&one);
        auto* const from = reinterpret_cast<std::byte*>(&home);
        const auto index = static_cast<std::size_t>(&one - home.pages.data());
        return {from + std::max(index * PageBytes, sizeof(segment)),
                from + (index + 1) * PageBytes};
    }

    /// True if a block of its page begins at `at`, and one of them is live.
    [[nodiscard]] static bool may_be_live(const void* at, layout block) noexcept {
        const page& home = page_of(at);
        const std::size_t first = round_up(address(range(home).at()), block.align);
        const std::size_t cut = address(home.uncarved.at()) - first;
        const std::size_t offset = address(at) - first;
        return home.live() != 0 && offset < cut && offset % stride_of(block) == 0;
    }

    /// Forgets the blocks of a page, none of which is live: it is cut anew from its start.
    static void empty(page& one) noexcept {
        const region whole = range(one);
        const auto cut = static_cast<std::uint32_t>(one.uncarved.at() - whole.at());
        one.touched = std::max(one.touched, cut);
        one.uncarved = whole;
        one.free.clear();
        close_pool(&one.free);
    }
};

/// The segments of one policy, and their pages that no bin has. Whoever owns it calls release()
/// before it ends.
template <std::size_t Bytes, std::size_t PageBytes>
class segment_heap {
public:
    using segment = detail::segment<Bytes, PageBytes>;

    /// True if take() need not ask upstream.
    [[nodiscard]] bool has_page() const noexcept { return free_.lowest() != nullptr; }

    /// The page with the lowest address, for `bin`. @return Null if upstream refuses a segment.
    /// @complexity O(log pages) amortised.
    template <class Upstream>
    page* take(Upstream&& upstream, std::size_t bin, void* owner) noexcept {
        if (!has_page() && !extend(upstream, owner)) { return nullptr; }
        auto* const lowest = static_cast<page*>(free_.lowest());
        free_.remove(lowest);
        lowest->bin = static_cast<std::uint16_t>(bin);
        lowest->rested = false;
        return lowest;
    }

    /// Takes an empty page back. @complexity O(1).
    void give(page& idle) noexcept {
        idle.bin = page::no_bin;
        free_.insert(&idle);
    }

    /// Gives the segments of which no bin has a page back upstream, and of the others the memory
    /// behind those pages, if upstream can do without; with `rested`, only what was no bin's at the
    /// last call already. @return The bytes of segments. @complexity O(pages log pages).
    template <class Upstream>
    std::size_t release_empty(Upstream&& upstream, bool rested) noexcept {
        const auto goes = [rested](const page& each) noexcept {
            return each.bin == page::no_bin && (each.rested || !rested);
        };
        const auto gone = [&](chunk& whole) noexcept {
            auto& one = static_cast<segment&>(whole);
            const bool all = std::all_of(one.pages.begin(), one.pages.end(), goes);
            for (page& each : one.pages) {
                if (all) {
                    free_.remove(&each);
                } else if (goes(each)) {
                    discard(upstream, each);
                }
                each.rested = each.bin == page::no_bin;
            }
            if (all) { by_address_.erase(&one); }
            return all;
        };
        return segments_.release_if(upstream, gone, Bytes);
    }

    /// Gives every segment back upstream.
    template <class Upstream>
    void release(Upstream&& upstream) noexcept {
        each_page([](page& one) noexcept { close_pool(&one.free); });
        segments_.release(upstream, Bytes);
    }

    /// True for an address in a segment. @complexity Expected O(log segments).
    [[nodiscard]] bool holds(const void* at) const noexcept {
        return by_address_.contains(std::bit_cast<const void*>(address(at) & ~(Bytes - 1)));
    }

    /// Bytes of all segments.
    [[nodiscard]] std::size_t bytes() const noexcept { return segments_.bytes(); }

    /// Calls `visit(page)` for every page.
    void each_page(auto visit) const noexcept {
        each_segment([&](segment& one) noexcept {
            for (page& each : one.pages) { visit(each); }
        });
    }

    /// The blocks of a bin that came back, not those that are still to be cut.
    [[nodiscard]] bin_account bin(std::size_t index, layout block) const noexcept {
        bin_account all{block.size, 0, 0};
        each_page([&](const page& one) noexcept {
            if (one.bin != index) { return; }
            all.free += blocks_in(segment::range(one), block) - blocks_in(one.uncarved, block);
            all.live += one.live();
        });
        all.free -= all.live;
        return all;
    }

    /// What became of the bytes; `block_of(bin)` is the layout of its blocks.
    template <class BlockOf>
    [[nodiscard]] byte_account account(BlockOf block_of) const noexcept {
        byte_account sum{.taken = bytes()};
        each_segment([&](segment& one) noexcept {
            sum.metadata += sizeof(segment) + one.bytes - Bytes;
            std::size_t free = 0;
            std::size_t live = 0;
            for (const page& each : one.pages) {
                const region whole = segment::range(each);
                const bool in_use = each.bin != page::no_bin;
                const layout block = in_use ? block_of(each.bin) : layout{1, 1};
                const std::size_t unit = in_use ? block.size + redzone : 1;
                const std::size_t count = in_use ? blocks_in(whole, block) : whole.rest();
                std::byte* const cut = std::max(whole.at() + each.touched, each.uncarved.at());
                const region rest{cut, whole.end()};
                const std::size_t fresh = in_use ? blocks_in(rest, block) : rest.rest();
                sum.metadata += whole.rest() - count * unit;
                sum.fresh += fresh * unit;
                free += (count - fresh - each.live()) * unit;
                live += each.live();
            }
            (live == 0 ? sum.cached : sum.trapped) += free;
        });
        return sum;
    }

private:
    template <class Upstream>
    [[gnu::cold]] bool extend(Upstream&& upstream, void* owner) noexcept {
        chunk* const given = segments_.acquire(upstream, Bytes, Bytes);
        if (given == nullptr) { return false; }
        const chunk head = *given;
        unpoison(given, sizeof(segment));
        auto* const fresh = ::new (given) segment{{head, {}, owner}, {}};
        by_address_.insert(fresh);
        for (std::size_t i = fresh->pages.size(); i-- > 0;) {
            fresh->pages[i].uncarved = segment::range(fresh->pages[i]);
            free_.insert(&fresh->pages[i]);
        }
        return true;
    }

    /// Gives the memory behind a page that was emptied back to upstream.
    template <class Upstream>
    static void discard(Upstream&& upstream, page& idle) noexcept {
        if constexpr (discarding_policy<std::remove_cvref_t<Upstream>>) {
            if (idle.touched == 0) { return; }
            const region whole = segment::range(idle); // its end is aligned, its start may not be
            const std::size_t kept = whole.rest() - upstream.discard(whole.at(), whole.rest());
            idle.touched = std::min(idle.touched, static_cast<std::uint32_t>(kept));
        }
    }

    template <class Visit>
    void each_segment(Visit visit) const noexcept {
        for (link* each = segments_.newest(); each != nullptr; each = each->next) {
            visit(static_cast<segment&>(*each));
        }
    }

    chunk_list segments_;
    segment_tree by_address_; // the same
    pairing_heap free_;
};

} // namespace alloy::inline ALLOY_ABI::detail
