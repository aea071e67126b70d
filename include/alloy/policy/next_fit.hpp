// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::next_fit`: one node size, one bit a node, on from where it stopped.
///
///     current --> chunk:  [ header | 1111010010... | node | node |      | node |  not touched  ]
///                                        ^ to the end, 32 nodes at a time, and not back
///     waiting     an eighth free, two eighths, three, ...     the fullest is next
///                  chunk, chunk            chunk
///
/// Requests go through a chunk in address order and take what is free there, then through another.
/// One with less than an eighth of its nodes free rests until as many are, and nothing is touched
/// for the first time while so much of the rest is free. So nodes that are asked for one after
/// another lie one behind another, however old the heap is and wherever the ones lay that made room
/// for them; and chunks that empty are left alone until they go.
///
/// Choose it for containers that live long, change all the time and are walked: an erase and an
/// insert in turn give a list, or a bitmap that fills the lowest hole, the same few nodes again,
/// all over the heap. Avoid it where a node that was just released should come back while it is in
/// the cache (see freelist).

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/bit_chunk.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/queue.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Hands out nodes of a single layout from chunks of `Upstream`.
///
/// @tparam Node       What one bit stands for; rounded up to a multiple of its alignment.
/// @tparam Upstream   Where chunks come from.
/// @tparam ChunkBytes Size and alignment of a chunk, a power of two.
/// @tparam Share      A chunk rests until one in so many of its nodes is free.
///
/// @threads None.
/// @source  D. E. Knuth's roving pointer (The Art of Computer Programming vol. 1, 2.5). Partly used
///          chunks that are filled in address order: S. M. Blackburn and K. S. McKinley, "Immix: A
///          Mark-Region Garbage Collector", PLDI 2008.
template <layout Node, policy Upstream = new_source, std::size_t ChunkBytes = std::size_t{1} << 16U,
          std::uint32_t Share = 8>
class next_fit {
    static_assert(Node.valid(), "alloy::next_fit: the alignment must be a power of two");
    static_assert(Node.size <= any_size - Node.align,
                  "alloy::next_fit: a node is larger than the address space");
    static_assert(Share >= 2, "alloy::next_fit: a chunk would rest until it is empty");
    static_assert(std::has_single_bit(ChunkBytes) && ChunkBytes <= Upstream::max_align &&
                      ChunkBytes <= std::size_t{1} << 31U,
                  "alloy::next_fit: a chunk is a power of two to 2 GiB that Upstream can align");

public:
    /// The layout of every node, whatever smaller layout was asked for.
    static constexpr layout node = cover(Node, {1, 1});

    static constexpr std::size_t max_align = node.align; ///< Bytes.
    static constexpr std::size_t max_size = node.size;   ///< Bytes.

private:
    struct turn : detail::queue_node {
        std::uint32_t touched = 0; // words of bits whose nodes were ever handed out
    };
    using chunks = detail::bit_chunks<node, ChunkBytes, turn>;
    using chunk = typename chunks::chunk;
    static constexpr std::uint32_t count = chunks::count;
    static constexpr std::uint32_t words = bit_extent::metadata_words(count);
    static constexpr std::uint32_t share = count / Share; // nodes, free where a chunk waits
    static_assert(share >= 1, "alloy::next_fit: fewer than Share nodes a chunk; raise ChunkBytes");

public:
    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, next_fit> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        next_fit(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    next_fit(const next_fit&) = delete;
    next_fit& operator=(const next_fit&) = delete;

    /// Returns every chunk upstream; live nodes end with it.
    ~next_fit() {
        chunks_.release_all(upstream_.get());
        detail::close_pool(this);
    }

    /// A whole node.
    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept {
        return serves(want) ? node.size : want.size;
    }

    /// Takes the next free node of the current chunk, or goes on to another one.
    /// @return Null if a node is not enough for `want`, or all are live and upstream is out.
    /// @complexity O(1) amortised; O(chunks) while upstream is out.
    [[nodiscard]] void* allocate(layout want) noexcept {
        void* at = nullptr;
        static_cast<void>(allocate_batch(want, &at, 1));
        return at;
    }

    /// Frees the node at `at`. A chunk that is empty then goes upstream, but for the current one,
    /// and as many as a `bitmap` keeps.
    /// @pre `at` came from allocate() on this object and is still live: asserted exactly.
    /// @complexity O(1).
    void deallocate(void* at, [[maybe_unused]] layout given) noexcept {
        ALLOY_ASSERT(at != nullptr && serves(given));
        chunk& home = chunks::home_of(at);
        detail::take_back(this, at, node.size);
        chunks::expect_live(home, at, 1);
        home.nodes.give_each(1, [&](std::uint32_t) { return chunks::index_of(home, at); });
        const std::uint32_t free = home.nodes.free();
        if (free % share == 0 || free == count) [[unlikely]] { move_on(home); }
    }

    /// Allocates `n` nodes into `out`, in address order until a chunk ends. @return How many; fewer
    /// only when upstream is out.
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        if (!serves(want)) [[unlikely]] { return 0; }
        void** const end = out + n;
        void** to = out;
        bool refused = false;
        do {
            chunk& from = *current_;
            const auto left = std::min<std::size_t>(static_cast<std::size_t>(end - to), count);
            from.nodes.take_from(word_, from.touched, static_cast<std::uint32_t>(left),
                                 [&](std::uint32_t index) {
                                     *to = chunks::node_at(from, index);
                                     detail::hand_out(this, *to++, node.size);
                                 });
        } while (to != end && go_on(refused));
        return static_cast<std::size_t>(to - out);
    }

    /// Releases the `n` nodes in `in`.
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        detail::deallocate_each(*this, in, n, given);
    }

    /// Returns every chunk without a live node upstream, discards what is behind free nodes of the
    /// others, and lets upstream trim. @return Bytes of chunks. @complexity O(nodes / 32).
    std::size_t trim() noexcept {
        if (current_->nodes.free() == count) { wait(std::exchange(current_, &none)); }
        const std::size_t bytes =
            chunks_.release_empty(upstream_.get(), [this](chunk* gone) { stop_waiting(gone); });
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    /// Calls `visit(at)` for every live node, in address order within a chunk. `visit` must not
    /// allocate or release here. @complexity O(nodes of all chunks).
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
        return want.size <= node.size && want.align <= node.align;
    }

    /// The row for chunks with so many free nodes: the more, the later is their turn.
    static constexpr std::size_t row_of(std::uint32_t free) noexcept {
        return std::min<std::size_t>(free / share, Share) - 1;
    }
    void wait(chunk* fresh) noexcept { waiting_[row_of(fresh->nodes.free())].push(fresh); }
    void stop_waiting(chunk* gone) noexcept { waiting_[row_of(gone->nodes.free())].remove(gone); }

    /// The chunk whose turn it is, or null.
    [[nodiscard]] chunk* next() const noexcept {
        for (const detail::queue& row : waiting_) {
            if (row.first() != nullptr) { return static_cast<chunk*>(row.first()); }
        }
        return nullptr;
    }

    /// The touched part of the current chunk is used up: starts over, or goes on to the next, to
    /// where nothing was touched, to a new one, or for want of memory to any with a free node. Asks
    /// upstream unless it `refused`. @return False if there is none.
    [[gnu::noinline]] bool go_on(bool& refused) noexcept {
        if (next() == nullptr) {
            if (start_over() || touch_more()) { return true; }
            chunk* const fresh = refused ? nullptr : chunks_.acquire(upstream_.get());
            refused = fresh == nullptr;
            if (!refused) { wait(fresh); }
        }
        leave();
        chunk* then = next();
        if (then != nullptr) {
            stop_waiting(then);
        } else {
            then = chunks_.find([](const chunk& each) { return each.nodes.free() != 0; });
            if (then == nullptr) { return false; }
        }
        chunks_.use(then);
        current_ = then;
        word_ = 0;
        return free_where_touched() != 0 || touch_more();
    }

    /// Nodes of the current chunk that were handed out, and came back.
    [[nodiscard]] std::uint32_t free_where_touched() const noexcept {
        const std::uint32_t untouched = count - std::min(count, current_->touched * 32);
        return current_->nodes.free() - std::min(current_->nodes.free(), untouched);
    }

    /// @return False, and nothing has changed, if too little of what was touched is free.
    bool start_over() noexcept {
        if (free_where_touched() < std::max(1U, current_->touched * 32 / Share)) { return false; }
        word_ = 0;
        return true;
    }

    /// An eighth more than before. @return False, and nothing has changed, at the end.
    bool touch_more() noexcept {
        std::uint32_t& touched = current_->touched;
        if (current_ == &none || touched == words) { return false; }
        touched = std::min(words, touched + touched / Share + 1);
        return true;
    }

    /// The current chunk waits for its next turn, or rests.
    void leave() noexcept {
        chunk* const old = std::exchange(current_, &none);
        if (old->nodes.free() < share) { return; }
        wait(old);
        if (old->nodes.free() == count) { retire(old); }
    }

    /// A chunk has enough free nodes to wait for its turn, or in another row; or no live one.
    [[gnu::noinline]] void move_on(chunk& home) noexcept {
        if (&home == current_) { return; }
        const std::uint32_t free = home.nodes.free();
        if (free - 1 >= share) { waiting_[row_of(free - 1)].remove(&home); }
        wait(&home);
        if (free == count) { retire(&home); }
    }

    /// A chunk that waits is empty.
    void retire(chunk* empty) noexcept {
        chunk* const gone = chunks_.keep_spare(empty);
        if (gone == nullptr) { return; }
        stop_waiting(gone);
        chunks_.release(upstream_.get(), gone);
    }

    static inline constinit chunk none{}; // without nodes; never written

    chunks chunks_;
    chunk* current_ = &none;
    std::uint32_t word_ = 0;                   // of its bits: where to go on
    std::array<detail::queue, Share> waiting_; // chunks to go through, but for the current one
    [[no_unique_address]] detail::member<Upstream, next_fit> upstream_;
};

static_assert(batching_policy<next_fit<layout{64, 16}>> &&
              trimming_policy<next_fit<layout{64, 16}>> &&
              rounding_policy<next_fit<layout{64, 16}>>);

} // namespace alloy::inline ALLOY_ABI
