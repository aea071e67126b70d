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
    static_assert(Node.size <= any_size - Node.align,
                  "alloy::bitmap: a node is larger than the address space");
    static_assert(std::has_single_bit(ChunkBytes) && ChunkBytes <= Upstream::max_align &&
                      ChunkBytes <= std::size_t{1} << 31U,
                  "alloy::bitmap: a chunk is a power of two to 2 GiB that Upstream can align");

public:
    /// The layout of every node, whatever smaller layout was asked for.
    static constexpr layout node = cover(Node, {1, 1});

    /// The strongest alignment served, in bytes.
    static constexpr std::size_t max_align = node.align;

private:
    using chunks = detail::bit_chunks<node, ChunkBytes, detail::heap_node>;
    using chunk = typename chunks::chunk;
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
        chunks_.release_all(upstream_.get());
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

    /// Frees the node or array at `at`. A chunk that is empty then goes upstream, but for one, and
    /// one more each time that a chunk which went had to be asked for again: 8 at most, the lowest.
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

    /// Releases the `n` nodes in `in`: at once if they all lie in one chunk. Rows of them are not
    /// looked for, since no processor foresees where in a shuffled batch one ends.
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        if (given.size > node.size) [[unlikely]] {
            return detail::deallocate_each(*this, in, n, given);
        }
        if (n > 1 && chunks::share_home(in, n)) {
            return give_back(chunks::home_of(in[0]), in, static_cast<std::uint32_t>(n));
        }
        for (std::size_t i = 0; i < n; ++i) { give_back(chunks::home_of(in[i]), in + i, 1); }
    }

    /// Returns every chunk without a live node upstream, discards what is behind free nodes of the
    /// others, and lets upstream trim. @return Bytes of chunks. @complexity O(nodes / 32).
    std::size_t trim() noexcept {
        const std::size_t bytes = chunks_.release_empty(
            upstream_.get(), [this](chunk* gone) { with_room_.remove(gone); });
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    /// Calls `visit(at)` for every live node, in address order within a chunk; an array is visited
    /// node by node. `visit` must not allocate or release here. @complexity O(nodes of all chunks).
    template <class Visit>
    void for_each_live(Visit visit) const {
        chunks_.for_each_live(visit);
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// @complexity O(chunks).
    [[nodiscard]] byte_account account() const noexcept { return chunks_.account(); }

    /// One bin: the nodes of all chunks. @complexity O(chunks).
    static constexpr std::size_t bins = 1;
    [[nodiscard]] bin_account bin(std::size_t /*index*/) const noexcept { return chunks_.bin(); }

private:
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
        std::uint32_t index = no_units;
        chunk* from = chunks_.find([&](chunk& each) {
            index = each.nodes.take(n, 1);
            return index != no_units;
        });
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
        chunk* const fresh = chunks_.acquire(upstream_.get());
        if (fresh != nullptr) { with_room_.insert(fresh); }
        return fresh;
    }

    /// A chunk is empty.
    [[gnu::noinline]] void retire(chunk& home) noexcept {
        chunk* const gone = chunks_.keep_spare(&home);
        if (gone == nullptr) { return; }
        with_room_.remove(gone);
        chunks_.release(upstream_.get(), gone);
    }

    chunks chunks_;
    detail::pairing_heap with_room_; // every chunk with a free node
    [[no_unique_address]] detail::member<Upstream, bitmap> upstream_;
};

static_assert(batching_policy<bitmap<layout{64, 16}>> && trimming_policy<bitmap<layout{64, 16}>> &&
              rounding_policy<bitmap<layout{64, 16}>>);

} // namespace alloy::inline ALLOY_ABI
