// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::bit_chunks`: nodes of one layout in chunks that an address leads to.
///
///     chunk:  [ header | 1101011000... | node | node |      | node | ... ]
///             ^        '---- bits ----'     1      1      0      1
///             at a multiple of its size: a node's address without the low bits

#include <alloy/core/assert.hpp>
#include <alloy/core/bit_extent.hpp>
#include <alloy/core/pairing_heap.hpp>
#include <alloy/core/sanitize.hpp>

#include <cstddef>
#include <cstdint>
#include <new>

namespace alloy::inline ALLOY_ABI::detail {

/// The header of a chunk.
struct bit_chunk : heap_node {
    bit_chunk* next;
    bit_chunk* last;
    bit_extent nodes;
};

/// Where things lie in chunks of `Bytes` bytes, aligned to them, of nodes of `Node`.
template <layout Node, std::size_t Bytes>
struct bit_chunks {
    /// Bytes from one node to the next, and those among them that are no node's.
    static constexpr std::size_t stride = round_up(Node.size + redzone, Node.align);
    static constexpr std::size_t gap = stride - Node.size;

    /// Where nodes start if there are `n`, behind the header and the bits.
    static constexpr std::size_t start_for(std::size_t n) noexcept {
        const auto words = bit_extent::metadata_words(static_cast<std::uint32_t>(n));
        return round_up(sizeof(bit_chunk) + 4 * words, Node.align);
    }

    /// Nodes of a chunk.
    static constexpr std::size_t count = [] {
        std::size_t n = 8 * Bytes / (8 * stride + 1); // the bits take an eighth byte a node
        while (n > 0 && start_for(n) + n * stride > Bytes) { --n; }
        return n;
    }();
    static constexpr std::size_t start = start_for(count);

    /// Makes a chunk of memory; every node is free, and off limits.
    static bit_chunk& format(void* memory) noexcept {
        auto& fresh = *::new (memory) bit_chunk{};
        auto* const words = reinterpret_cast<std::uint32_t*>(&fresh + 1);
        constexpr std::size_t n = bit_extent::metadata_words(count);
        for (std::size_t i = 0; i < n; ++i) { ::new (words + i) std::uint32_t{0}; }
        fresh.nodes.format({words, n}, count);
        poison(node_at(fresh, 0), Bytes - start);
        return fresh;
    }

    static void* node_at(bit_chunk& home, std::uint32_t index) noexcept {
        return reinterpret_cast<std::byte*>(&home) + start + index * stride;
    }
    static bit_chunk& home_of(void* node) noexcept {
        auto* const byte = static_cast<std::byte*>(node);
        return *reinterpret_cast<bit_chunk*>(byte - (address(node) & (Bytes - 1)));
    }
    static std::uint32_t index_of(const bit_chunk& home, const void* node) noexcept {
        return static_cast<std::uint32_t>(offset_of(home, node)) /
               static_cast<std::uint32_t>(stride);
    }

    /// Asserts that the `n` nodes from `node` on are live.
    static void expect_live([[maybe_unused]] const bit_chunk& home,
                            [[maybe_unused]] const void* node,
                            [[maybe_unused]] std::uint32_t n) noexcept {
        ALLOY_ASSERT(offset_of(home, node) % stride == 0 &&
                     home.nodes.is_taken(index_of(home, node), n));
    }

private:
    static std::size_t offset_of(const bit_chunk& home, const void* node) noexcept {
        return address(node) - address(&home) - start;
    }
};

} // namespace alloy::inline ALLOY_ABI::detail
