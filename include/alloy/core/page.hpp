// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::page`: what is known of a run of equal blocks, kept apart from them.
///
///     free ----------.                  uncarved
///                    v                     v
///     | live | live | free | live | free |   not cut so far   |
///
/// A page here is one of a segment, not of the system.

#include <alloy/core/chain.hpp>
#include <alloy/core/pairing_heap.hpp>
#include <alloy/core/region.hpp>

#include <cstddef>
#include <cstdint>

namespace alloy::inline ALLOY_ABI::detail {

/// Links as they are; the block that one leads to is fetched, since it is the next to be written.
struct prefetched_links {
    [[nodiscard, gnu::always_inline]] static bool read(const link* at, link*& next) noexcept {
        next = read_kept(&at->next);
        __builtin_prefetch(next, 1);
        return true;
    }
    [[gnu::always_inline]] static void write(link* at, link* next) noexcept {
        write_kept(&at->next, next);
    }
};

/// The header of a page: a line of the cache.
struct alignas(64) page : heap_node {
    static constexpr std::uint16_t no_bin = UINT16_MAX;

    chain free;                 ///< Blocks that came back.
    region uncarved;            ///< Where no block was cut since the page was last empty.
    std::uint32_t due = 0;      ///< Releases until the page's owner must see to it,
    std::uint32_t later = 0;    ///< and live blocks that are left then.
    std::uint32_t touched = 0;  ///< Bytes in front of which a block was ever cut, before that.
    std::uint16_t bin = no_bin; ///< What its blocks are.
    bool rested = false;        ///< It was no bin's for a while.

    [[nodiscard]] std::uint32_t live() const noexcept { return due + later; }

    /// A block that came back, or else the next one that is cut. @return Null if there is neither.
    [[nodiscard]] void* take(layout block) noexcept {
        void* const at = free.unlink(prefetched_links{});
        return at != nullptr ? at : uncarved.take(block);
    }
};

/// A page without room, where there is none yet; never written.
inline constinit page no_page{};

/// How far apart region::take() cuts blocks.
[[nodiscard]] constexpr std::size_t stride_of(layout block) noexcept {
    return round_up(block.size + redzone, block.align);
}

/// How many blocks region::take() would cut.
[[nodiscard]] inline std::size_t blocks_in(region range, layout block) noexcept {
    const std::size_t first = round_up(address(range.at()), block.align) + block.size + redzone;
    const std::size_t end = address(range.end());
    return first > end ? 0 : (end - first) / stride_of(block) + 1;
}

} // namespace alloy::inline ALLOY_ABI::detail
