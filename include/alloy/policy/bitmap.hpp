// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bitmap`: one node size, one bit a node, lowest address first.
///
///     with_room_ --> chunk:  [ header | 1101011000... | node | node |      | node | ... ]
///     (a heap by address)               '-- bits --'    1      1      0      1
///
/// Every request takes the free node with the lowest address of all, so that what is allocated
/// together stays together however old the heap is. The bits stand apart from the nodes: nothing is
/// written into free memory, a double release is seen exactly, and live nodes can be walked.
///
/// Choose it for nodes that are traversed more often than they are replaced, and where a stray
/// write must not corrupt the allocator. Avoid it where allocation itself is the bottleneck (see
/// freelist): each operation touches its chunk's header besides the node.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/bit_chunk.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/pairing_heap.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/source/new.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Hands out nodes of a single layout, and arrays of adjacent ones, from chunks of `Upstream`.
///
/// @tparam Node       What one bit stands for; rounded up to a multiple of its alignment.
/// @tparam Upstream   Where chunks come from.
/// @tparam ChunkBytes Size and alignment of a chunk, a power of two; the largest array fits in one.
///
/// @threads None.
/// @source  Bits apart from nodes, one chunk found by masking an address: Boehm and Weiser's
///          collector (Software: Practice and Experience 18(9), 1988) and libstdc++'s
///          bitmap_allocator (D. Jain, 2004), here with address order over all chunks.
template <layout Node, policy Upstream = new_source, std::size_t ChunkBytes = std::size_t{1} << 16U>
class bitmap {
    static_assert(Node.valid(), "alloy::bitmap: the alignment must be a power of two");
    static_assert(std::has_single_bit(ChunkBytes) && ChunkBytes <= Upstream::max_align &&
                      ChunkBytes <= std::size_t{1} << 31U,
                  "alloy::bitmap: a chunk is a power of two to 2 GiB that Upstream can align");

public:
    /// The layout of every node, whatever smaller layout was asked for.
    static constexpr layout node = cover(Node, {1, 1});

    /// The strongest alignment served, in bytes.
    static constexpr std::size_t max_align = node.align;

private:
    using chunk = detail::bit_chunk;
    using chunks = detail::bit_chunks<node, ChunkBytes>;
    static constexpr std::size_t count = chunks::count;
    static constexpr std::size_t stride = chunks::stride;
    static_assert(count >= 8, "alloy::bitmap: fewer than 8 nodes a chunk; raise ChunkBytes");

public:
    /// The largest array served, in bytes: one that fills a chunk.
    static constexpr std::size_t max_size = count * stride - chunks::gap;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, bitmap> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        bitmap(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    bitmap(const bitmap&) = delete;
    bitmap& operator=(const bitmap&) = delete;

    /// Returns every chunk upstream; live nodes end with it.
    ~bitmap() {
        while (chunks_ != nullptr) { release(chunks_); }
        detail::close_pool(this);
    }

    /// Whole nodes.
    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept {
        return serves(want) ? nodes_for(want.size) * stride - chunks::gap : want.size;
    }

    /// Takes the free node with the lowest address, or for an array the first run of nodes in some
    /// chunk.
    /// @return Null if `want` is larger than #max_size or upstream is out.
    /// @complexity O(log chunks) amortised and O(ChunkBytes / 32 nodes) for a node; for an array,
    ///             O(nodes).
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (!serves(want)) [[unlikely]] { return nullptr; }
        if (want.size > node.size) { return allocate_array(want); }
        if (with_room_.lowest() == nullptr && grow() == nullptr) [[unlikely]] { return nullptr; }
        chunk& from = *static_cast<chunk*>(with_room_.lowest());
        void* const at = chunks::node_at(from, from.nodes.take_one());
        if (from.nodes.free() == 0) [[unlikely]] { with_room_.remove(&from); }
        detail::hand_out(this, at, node.size);
        return at;
    }

    /// Frees the node or array at `at`. A chunk that is empty then goes upstream, but for one.
    /// @pre `at` came from allocate() on this object and is still live: asserted exactly.
    /// @complexity O(log chunks) amortised, and O(nodes) for an array.
    void deallocate(void* at, layout given) noexcept {
        ALLOY_ASSERT(at != nullptr && serves(given));
        const auto n = static_cast<std::uint32_t>(nodes_for(given.size));
        if (n == 1) [[likely]] { return give_back(chunks::home_of(at), &at, 1); }
        chunk& home = chunks::home_of(at);
        detail::take_back(this, at, good_size(given));
        chunks::expect_live(home, at, n);
        if (home.nodes.free() == 0) [[unlikely]] { with_room_.insert(&home); }
        home.nodes.give(chunks::index_of(home, at), n);
        if (home.nodes.free() == count) [[unlikely]] { retire(home); }
    }

    /// Allocates `n` nodes into `out`, in address order. @return How many; fewer only when upstream
    /// is out.
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        if (!serves(want) || want.size > node.size) [[unlikely]] {
            return detail::allocate_each(*this, want, out, n);
        }
        void** const end = out + n;
        void** to = out;
        while (to != end) {
            if (with_room_.lowest() == nullptr && grow() == nullptr) [[unlikely]] { break; }
            chunk& from = *static_cast<chunk*>(with_room_.lowest());
            const auto some =
                std::min<std::size_t>(static_cast<std::size_t>(end - to), from.nodes.free());
            from.nodes.take_lowest(static_cast<std::uint32_t>(some), [&](std::uint32_t index) {
                *to = chunks::node_at(from, index);
                detail::hand_out(this, *to++, node.size);
            });
            if (from.nodes.free() == 0) [[unlikely]] { with_room_.remove(&from); }
        }
        return static_cast<std::size_t>(to - out);
    }

    /// Releases the `n` nodes in `in`, those in a row that lie in one chunk at once.
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        if (given.size > node.size) [[unlikely]] {
            return detail::deallocate_each(*this, in, n, given);
        }
        void* const* const end = in + n;
        while (in != end) {
            chunk& home = chunks::home_of(*in);
            std::uint32_t row = 1;
            while (in + row != end && &chunks::home_of(in[row]) == &home) { ++row; }
            give_back(home, in, row);
            in += row;
        }
    }

    /// Returns the empty chunk upstream, and lets upstream trim.
    /// @return Bytes that left this policy. @complexity O(log chunks) amortised.
    std::size_t trim() noexcept {
        const bool any = has_empty();
        if (any) { release(empty_); }
        detail::trim_if_able(upstream_.get());
        return any ? ChunkBytes : 0;
    }

    /// Calls `visit(at)` for every live node, in address order within a chunk; an array is visited
    /// node by node. `visit` must not allocate or release here. @complexity O(nodes of all chunks).
    template <class Visit>
    void for_each_live(Visit visit) const {
        for (chunk* each = chunks_; each != nullptr; each = each->next) {
            const bit_extent& nodes = each->nodes;
            for (auto i = nodes.next_taken(0); i < count; i = nodes.next_taken(i + 1)) {
                visit(chunks::node_at(*each, i));
            }
        }
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// @complexity O(chunks).
    [[nodiscard]] byte_account account() const noexcept {
        byte_account sum;
        for (const chunk* each = chunks_; each != nullptr; each = each->next) {
            const std::size_t free = each->nodes.free() * stride;
            sum.taken += ChunkBytes;
            sum.metadata += ChunkBytes - count * stride; // with what is too short for a node
            (free == count * stride ? sum.cached : sum.trapped) += free;
        }
        return sum;
    }

    /// One bin: the nodes of all chunks. @complexity O(chunks).
    static constexpr std::size_t bins = 1;
    [[nodiscard]] bin_account bin(std::size_t /*index*/) const noexcept {
        bin_account all{node.size, 0, 0};
        for (const chunk* each = chunks_; each != nullptr; each = each->next) {
            all.free += each->nodes.free();
            all.live += count - each->nodes.free();
        }
        return all;
    }

private:
    static constexpr layout chunk_layout{ChunkBytes, ChunkBytes};

    static constexpr bool serves(layout want) noexcept {
        return want.size <= max_size && want.align <= node.align;
    }
    static constexpr std::size_t nodes_for(std::size_t size) noexcept {
        return (size + chunks::gap + stride - 1) / stride;
    }

    /// Takes back `n` nodes of one chunk.
    [[gnu::always_inline]] void give_back(chunk& home, void* const* in, std::uint32_t n) noexcept {
        if (home.nodes.free() == 0) [[unlikely]] { with_room_.insert(&home); }
        home.nodes.give_each(n, [&](std::uint32_t i) {
            detail::take_back(this, in[i], node.size);
            chunks::expect_live(home, in[i], 1);
            return chunks::index_of(home, in[i]);
        });
        if (home.nodes.free() == count) [[unlikely]] { retire(home); }
    }

    [[gnu::noinline]] void* allocate_array(layout want) noexcept {
        const auto n = static_cast<std::uint32_t>(nodes_for(want.size));
        chunk* from = chunks_;
        std::uint32_t index = no_units;
        for (; from != nullptr; from = from->next) {
            index = from->nodes.take(n, 1);
            if (index != no_units) { break; }
        }
        if (from == nullptr) {
            from = grow();
            if (from == nullptr) { return nullptr; }
            index = from->nodes.take(n, 1);
        }
        if (from->nodes.free() == 0) { with_room_.remove(from); }
        void* const at = chunks::node_at(*from, index);
        detail::hand_out(this, at, good_size(want));
        return at;
    }

    [[gnu::noinline, gnu::cold]] chunk* grow() noexcept {
        void* const memory = upstream_.get().allocate(chunk_layout);
        if (memory == nullptr) { return nullptr; }
        chunk* const fresh = &chunks::format(memory);
        fresh->next = chunks_;
        if (chunks_ != nullptr) { chunks_->last = fresh; }
        chunks_ = fresh;
        with_room_.insert(fresh);
        return fresh;
    }

    [[nodiscard]] bool has_empty() const noexcept {
        return empty_ != nullptr && empty_->nodes.free() == count;
    }

    /// Keeps one empty chunk, so that a node that comes and goes does not take a chunk with it.
    [[gnu::noinline]] void retire(chunk& home) noexcept {
        if (!has_empty() || empty_ == &home) {
            empty_ = &home;
        } else if (detail::address(&home) < detail::address(empty_)) {
            release(std::exchange(empty_, &home));
        } else {
            release(&home);
        }
    }

    void release(chunk* gone) noexcept {
        if (gone->nodes.free() != 0) { with_room_.remove(gone); }
        if (gone == empty_) { empty_ = nullptr; }
        (gone->last == nullptr ? chunks_ : gone->last->next) = gone->next;
        if (gone->next != nullptr) { gone->next->last = gone->last; }
        detail::unpoison(gone, ChunkBytes);
        upstream_.get().deallocate(gone, chunk_layout);
    }

    detail::pairing_heap with_room_; // every chunk with a free node
    chunk* chunks_ = nullptr;        // every chunk
    chunk* empty_ = nullptr;         // one without a live node, unless it was used again since
    [[no_unique_address]] detail::member<Upstream, bitmap> upstream_;
};

static_assert(batching_policy<bitmap<layout{64, 16}>> && trimming_policy<bitmap<layout{64, 16}>> &&
              rounding_policy<bitmap<layout{64, 16}>>);

} // namespace alloy::inline ALLOY_ABI
