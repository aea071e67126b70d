// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::bit_chunks`: nodes of one layout in chunks that an address leads to.
///
///     chunk:  [ header | 1101011000... | node | node |      | node | ... ]
///             ^        '---- bits ----'     1      1      0      1
///             at a multiple of its size: a node's address without the low bits

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/bit_extent.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// The header of a chunk; `Order` links those that may be asked for a node.
template <class Order>
struct bit_chunk : Order {
    bit_chunk* newer = nullptr;
    bit_chunk* older = nullptr;
    bit_chunk* spare = nullptr; ///< The next one that is kept though it is empty.
    bit_extent nodes;
};

/// Every chunk of one policy: `Bytes` bytes, aligned to them, of nodes of `Node`. Whoever owns it
/// calls release_all() before it ends.
template <layout Node, std::size_t Bytes, class Order>
class bit_chunks {
public:
    using chunk = bit_chunk<Order>;

    /// Bytes from one node to the next, and those among them that are no node's.
    static constexpr std::size_t stride = round_up(Node.size + redzone, Node.align);
    static constexpr std::size_t gap = stride - Node.size;

private:
    /// Where nodes start if there are `n`, behind the header and the bits.
    static constexpr std::size_t start_for(std::size_t n) noexcept {
        const auto words = bit_extent::metadata_words(static_cast<std::uint32_t>(n));
        return round_up(sizeof(chunk) + 4 * words, Node.align);
    }

public:
    /// Nodes of a chunk.
    static constexpr std::size_t count = [] {
        if (stride > Bytes) { return std::size_t{0}; }
        std::size_t n = 8 * Bytes / (8 * stride + 1); // the bits take an eighth byte a node
        while (n > 0 && start_for(n) + n * stride > Bytes) { --n; }
        return n;
    }();

    static void* node_at(chunk& home, std::uint32_t index) noexcept {
        return reinterpret_cast<std::byte*>(&home) + start + index * stride;
    }
    static chunk& home_of(void* node) noexcept {
        auto* const byte = static_cast<std::byte*>(node);
        return *reinterpret_cast<chunk*>(byte - (address(node) & (Bytes - 1)));
    }
    /// True if `n` nodes lie in one chunk. @pre `n > 0`.
    static bool share_home(void* const* nodes, std::size_t n) noexcept {
        std::size_t differ = 0;
        for (std::size_t i = 1; i < n; ++i) { differ |= address(nodes[i]) ^ address(nodes[0]); }
        return differ < Bytes;
    }
    static std::uint32_t index_of(const chunk& home, const void* node) noexcept {
        return static_cast<std::uint32_t>(offset_of(home, node)) /
               static_cast<std::uint32_t>(stride);
    }

    /// Asserts that the `n` nodes from `node` on are live.
    static void expect_live([[maybe_unused]] const chunk& home, [[maybe_unused]] const void* node,
                            [[maybe_unused]] std::uint32_t n) noexcept {
        ALLOY_ASSERT(offset_of(home, node) % stride == 0 &&
                     home.nodes.is_taken(index_of(home, node), n));
    }

    /// Takes a chunk, of which every node is free, and off limits. @return Null, and nothing has
    /// changed, if `upstream` refuses.
    template <class Upstream>
    chunk* acquire(Upstream&& upstream) noexcept {
        void* const memory = upstream.allocate(whole);
        if (memory == nullptr) { return nullptr; }
        auto* const fresh = ::new (memory) chunk{};
        auto* const words = reinterpret_cast<std::uint32_t*>(fresh + 1);
        constexpr std::size_t n = bit_extent::metadata_words(count);
        for (std::size_t i = 0; i < n; ++i) { ::new (words + i) std::uint32_t{0}; }
        fresh->nodes.format({words, n}, count);
        poison(node_at(*fresh, 0), Bytes - start);
        if (went_ != 0 && kept_ < most_kept) {
            --went_;
            ++kept_;
        }
        fresh->older = newest_;
        if (newest_ != nullptr) { newest_->newer = fresh; }
        newest_ = fresh;
        return fresh;
    }

    /// Gives a chunk back.
    template <class Upstream>
    void release(Upstream&& upstream, chunk* gone) noexcept {
        use(gone);
        (gone->newer == nullptr ? newest_ : gone->newer->older) = gone->older;
        if (gone->older != nullptr) { gone->older->newer = gone->newer; }
        unpoison(gone, Bytes);
        upstream.deallocate(gone, whole);
    }

    /// Gives every chunk without a live node back, after `forget(chunk)`, keeps one from now on,
    /// and discards the memory behind free nodes of the others. @return The bytes of chunks.
    /// @complexity O(nodes / 32), and a system call a page or more in a row.
    template <class Upstream, class Forget>
    std::size_t release_empty(Upstream&& upstream, Forget forget) noexcept {
        std::size_t bytes = 0;
        for (chunk* each = newest_; each != nullptr;) {
            chunk* const one = std::exchange(each, each->older);
            if (one->nodes.free() != count) {
                discard(upstream, *one);
                continue;
            }
            forget(one);
            release(upstream, one);
            bytes += Bytes;
        }
        kept_ = 1;
        went_ = 0;
        return bytes;
    }

    /// Gives every chunk back, and live nodes with it. @complexity O(chunks).
    template <class Upstream>
    void release_all(Upstream&& upstream) noexcept {
        while (newest_ != nullptr) { release(upstream, newest_); }
    }

    /// Keeps an empty chunk for its next use: one, so that a node that comes and goes does not take
    /// a chunk with it, and one more for each that went and had to be acquired again since, to 8.
    /// @return The highest of those kept if that is one too many, to be released; or null.
    [[nodiscard]] chunk* keep_spare(chunk* empty) noexcept {
        if (empty == spare_) { return nullptr; } // as it was before
        forget_spares(
            [empty](const chunk* each) { return each == empty || each->nodes.free() != count; });
        empty->spare = std::exchange(spare_, empty);
        std::uint32_t spares = 0;
        chunk* highest = empty;
        for (chunk* each = empty; each != nullptr; each = each->spare) {
            ++spares;
            highest = std::max(highest, each, std::less<>{});
        }
        if (spares <= kept_) { return nullptr; }
        ++went_;
        return highest;
    }

    /// `used` is not spare from now on, even if it is empty again.
    void use(const chunk* used) noexcept {
        forget_spares([used](const chunk* each) { return each == used; });
    }

    /// The newest chunk for which `which(chunk)` is true, or null; asks of none behind it.
    /// @complexity O(chunks).
    template <class Which>
    [[nodiscard]] chunk* find(Which which) const noexcept {
        chunk* each = newest_;
        while (each != nullptr && !which(*each)) { each = each->older; }
        return each;
    }

    /// Calls `visit(at)` for every live node, in address order within a chunk.
    /// @complexity O(nodes of all chunks).
    template <class Visit>
    void for_each_live(Visit visit) const {
        for (chunk* each = newest_; each != nullptr; each = each->older) {
            const bit_extent& nodes = each->nodes;
            for (auto i = nodes.next_taken(0); i < count; i = nodes.next_taken(i + 1)) {
                visit(node_at(*each, i));
            }
        }
    }

    /// @complexity O(chunks).
    [[nodiscard]] byte_account account() const noexcept {
        byte_account sum;
        for (const chunk* each = newest_; each != nullptr; each = each->older) {
            const std::size_t free = each->nodes.free() * stride;
            sum.taken += Bytes;
            sum.metadata += Bytes - count * stride; // with what is too short for a node
            (free == count * stride ? sum.cached : sum.trapped) += free;
        }
        return sum;
    }

    /// The nodes of all chunks. @complexity O(chunks).
    [[nodiscard]] bin_account bin() const noexcept {
        bin_account all{Node.size, 0, 0};
        for (const chunk* each = newest_; each != nullptr; each = each->older) {
            all.free += each->nodes.free();
            all.live += count - each->nodes.free();
        }
        return all;
    }

private:
    static constexpr std::uint32_t most_kept = 8;
    static constexpr std::size_t start = start_for(count);
    static constexpr layout whole{Bytes, Bytes};

    static std::size_t offset_of(const chunk& home, const void* node) noexcept {
        return address(node) - address(&home) - start;
    }

    template <class Upstream>
    static void discard(Upstream&& upstream, chunk& partly) noexcept {
        if constexpr (discarding_policy<std::remove_cvref_t<Upstream>>) {
            partly.nodes.each_free([&](std::uint32_t at, std::uint32_t n) noexcept {
                upstream.discard(node_at(partly, at), n * stride);
            });
        }
    }

    template <class Which>
    void forget_spares(Which which) noexcept {
        for (chunk** to = &spare_; *to != nullptr;) {
            if (which(*to)) {
                *to = (*to)->spare;
            } else {
                to = &(*to)->spare;
            }
        }
    }

    chunk* newest_ = nullptr;
    chunk* spare_ = nullptr; // the first of those that are kept, or were used again since
    std::uint32_t kept_ = 1; // empty chunks, at most
    std::uint32_t went_ = 0; // that were one too many, and not asked for again
};

} // namespace alloy::inline ALLOY_ABI::detail
