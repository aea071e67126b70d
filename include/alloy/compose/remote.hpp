// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::remote`: blocks that one thread owns and any thread may release.
///
///     owner ---- allocate, release ---------------------------------> upstream
///                                                                        ^ all at once, when the
///     others --- release --> inbox --> [next|layout|..] --> [next|..] ---' owner next allocates
///
///     | home | block ... |  = one block of upstream, where the dead block keeps its letter
///
/// The owner works as if it were alone, but for one look at the inbox a request. A release by
/// another thread writes into the dead block what it was, and pushes it with one compare-and-swap;
/// a batch is one push too. Nothing is locked, and nobody waits.
///
/// Choose it for an allocator a thread (see per_thread), and for messages: one thread makes them,
/// others end them. Avoid it for one thread, and where the owner may stop to allocate while others
/// go on to release: what is in the inbox stays there until trim().

#include <alloy/core/assert.hpp>
#include <alloy/core/layer.hpp>
#include <alloy/core/remote_list.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/thread_number.hpp>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>

namespace alloy::inline ALLOY_ABI {

/// What a `remote` adds.
struct remote_options {
    bool home = true; ///< Each block leads to its `remote`, by a word in front of it.
};

/// `Upstream`, with releases from any thread. While nobody has adopted it, every release goes to
/// the inbox, and requests need only be one at a time.
///
/// There is no mark() and no rewind(): who knows when another thread's release arrives. A block has
/// room for at least a letter, three words, the home word included.
///
/// @tparam Upstream Where blocks come from and go back to; only the owner ever uses it.
/// @threads Releases: any; lock-free. All else: the owner. Modules that do not share symbols (see
///          `global`) number threads anew, and must not share an object.
/// @source  The message passing of P. Liétar et al., "snmalloc", ISMM 2019; D. Leijen et al.,
///          "Mimalloc: Free List Sharding in Action", APLAS 2019.
template <policy Upstream, remote_options Options = remote_options{}>
class remote : public detail::layer<remote<Upstream, Options>, Upstream> {
    friend detail::forwarding<remote, Upstream>;

    /// A word inside a block that is off limits.
    template <class T>
    struct kept {
        T value;
        kept& operator=(T now) noexcept {
            detail::write_kept(&value, now);
            return *this;
        }
        operator T() const noexcept { return detail::read_kept(&value); } // NOLINT: it stands for T
    };
    /// What a dead block tells the owner.
    struct letter {
        kept<letter*> next;
        kept<std::size_t> size;
        kept<std::size_t> align;
    };
    static_assert(alignof(letter) <= Upstream::max_align && sizeof(letter) <= max_size_v<Upstream>,
                  "alloy::remote: Upstream has no room for the letter in a dead block");
    static_assert(outermost_guard_v<Upstream> <= guard_rank::cache,
                  "alloy::remote: an inbox would hide releases from the guard inside of it");

public:
    using detail::layer<remote, Upstream>::layer;

    static constexpr std::size_t max_size =
        max_size_v<Upstream> - (Options.home ? sizeof(remote*) : 0);
    static constexpr bool thread_safe = false;
    static constexpr bool release_anywhere = true;
    static constexpr bool migratory = false;
    static constexpr guard_rank outermost_guard = guard_rank::cache;

    /// Gives what is in the inbox back. @pre Nobody uses it any more.
    ~remote() { collect(); }

    void owns() = delete;
    void usable_size() = delete;
    void mark() = delete;
    void rewind() = delete;

    /// Makes the calling thread the owner.
    /// @pre Nobody is, or the owner so far is done here, and what it did happens before this.
    void adopt() noexcept { owner_.store(detail::thread_number() + 1, std::memory_order_relaxed); }

    /// Leaves it to nobody, until somebody adopts it. @pre The calling thread is the owner.
    void abandon() noexcept {
        ALLOY_ASSERT(owned());
        owner_.store(nobody, std::memory_order_relaxed);
    }

    /// True if the calling thread is the owner. @threads Any.
    [[nodiscard]] bool owned() const noexcept {
        // Relaxed: a thread looks for what it alone writes, and so has seen. Numbers do not recur,
        // and a thread that has none yet owns nothing.
        return owner_.load(std::memory_order_relaxed) == detail::this_thread_plus_one;
    }

    /// Where the live block at `at` belongs, which any thread may ask. @complexity O(1).
    [[nodiscard]] static remote* home_of(void* at) noexcept
        requires(Options.home)
    {
        detail::expect_live(at);
        return *(static_cast<kept<remote*>*>(at) - 1);
    }

    /// What upstream rounds up is the block's.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        const layout whole = whole_for(want);
        if (whole.size == unlimited || want.align > Upstream::max_align) [[unlikely]] {
            return want.size;
        }
        return std::min(alloy::good_size(this->upstream(), whole), max_size_v<Upstream>) -
               front_for(want.align);
    }

    /// Allocates `n` blocks into `out`. @return How many; fewer only when upstream is out.
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out,
                                             std::size_t n) const noexcept {
        look();
        const layout whole = whole_for(want);
        std::size_t done = 0;
        if constexpr (batching_policy<Upstream>) {
            done = this->upstream().allocate_batch(whole, out, n);
        } else {
            done = detail::allocate_each(this->upstream(), whole, out, n);
        }
        for (std::size_t i = 0; i < done; ++i) { out[i] = block_in(out[i], want.align); }
        return done;
    }

    /// Releases the `n` blocks in `in`; for the owner, with one push if that is another thread.
    void deallocate_batch(void* const* in, std::size_t n, layout given) const noexcept {
        if (owned()) {
            detail::deallocate_each(*this, in, n, given);
        } else if (n != 0) {
            letter* const last = write(in[0], given);
            letter* first = last;
            for (std::size_t i = 1; i < n; ++i) {
                letter* const next = write(in[i], given);
                next->next = first;
                first = next;
            }
            inbox_.push(first, last);
        }
    }

    /// Empties the inbox and lets upstream trim. @return Bytes that left the inbox.
    std::size_t trim() const noexcept { // NOLINT(modernize-use-nodiscard): called for its effect
        const std::size_t bytes = collect();
        detail::trim_if_able(this->upstream());
        return bytes;
    }

    /// Keeps nothing: what is in the inbox is upstream's first.
    [[nodiscard]] byte_account account() const noexcept {
        collect();
        return {};
    }

private:
    static constexpr std::size_t nobody = unlimited;
    static constexpr std::size_t cache_line = 64;

    /// Bytes in front of a block: the home word, at their end, and what keeps the block aligned.
    static constexpr std::size_t front_for(std::size_t align) noexcept {
        return Options.home ? std::max(align, sizeof(remote*)) : 0;
    }

    /// What to ask upstream; for what it has no room for, what nobody can serve.
    static constexpr layout whole_for(layout asked) noexcept {
        const std::size_t front = front_for(asked.align);
        const std::size_t align = std::max(asked.align, alignof(letter));
        constexpr std::size_t most = max_size_v<Upstream>;
        if (front > most || asked.size > most - front) [[unlikely]] { return {unlimited, align}; }
        return {std::max(front + asked.size, sizeof(letter)), align};
    }

    static void* whole_of(void* at, std::size_t align) noexcept {
        return static_cast<std::byte*>(at) - front_for(align);
    }

    /// The block in what upstream handed out.
    void* block_in(void* whole, std::size_t align) const noexcept {
        if constexpr (Options.home) {
            void* const at = static_cast<std::byte*>(whole) + front_for(align);
            *(static_cast<kept<const remote*>*>(at) - 1) = this;
            detail::poison(whole, front_for(align));
            return at;
        }
        return whole;
    }

    /// Turns a live block into a letter.
    static letter* write(void* at, layout given) noexcept {
        detail::take_back(nullptr, at, given.size);
        const layout whole = whole_for(given);
        auto* const dead = static_cast<letter*>(whole_of(at, given.align));
        detail::not_a_leak(dead);
        dead->size = whole.size;
        dead->align = whole.align;
        return dead;
    }

    /// Empties the inbox, if there is something in it.
    [[gnu::always_inline]] void look() const noexcept {
        ALLOY_ASSERT(owned() || owner_.load(std::memory_order_relaxed) == nobody);
        if (!inbox_.empty()) [[unlikely]] { collect(); }
    }

    /// @return Bytes that went upstream.
    [[gnu::noinline]] std::size_t collect() const noexcept {
        std::size_t bytes = 0;
        for (letter* dead = inbox_.take_all(); dead != nullptr;) {
            const layout whole{dead->size, dead->align};
            letter* const next = dead->next;
            detail::unpoison(dead, whole.size);
            this->upstream().deallocate(dead, whole);
            bytes += whole.size;
            dead = next;
        }
        return bytes;
    }

    template <class Op>
        requires std::same_as<Op, op::allocate> || std::same_as<Op, op::allocate_zeroed>
    [[nodiscard, gnu::always_inline]] void* forward(const Op& asked) const noexcept {
        look();
        void* const whole = Op{whole_for(asked.want)}(this->upstream());
        if (whole == nullptr) [[unlikely]] { return nullptr; }
        return block_in(whole, asked.want.align);
    }

    [[gnu::always_inline]] void forward(const op::deallocate& asked) const noexcept {
        if (!owned()) [[unlikely]] {
            letter* const dead = write(asked.at, asked.given);
            return inbox_.push(dead, dead);
        }
        detail::expect_live(asked.at);
        void* const whole = whole_of(asked.at, asked.given.align);
        detail::unpoison(whole, front_for(asked.given.align));
        this->upstream().deallocate(whole, whole_for(asked.given));
    }

    bool forward(const op::resize& asked) const noexcept {
        const layout now = whole_for({asked.size, asked.given.align});
        return owned() && this->upstream().resize(whole_of(asked.at, asked.given.align),
                                                  whole_for(asked.given), now.size);
    }

    /// What is in the inbox ends with all the others.
    void forward(const op::reset& all) const noexcept {
        static_cast<void>(inbox_.take_all());
        all(this->upstream());
    }

    template <class Op>
    decltype(auto) forward(const Op& asked) const noexcept {
        return asked(this->upstream());
    }

    // Others write here: away from what the owner works with.
    alignas(cache_line) std::atomic<std::size_t> owner_{nobody};
    mutable detail::basic_remote_list<std::atomic, letter> inbox_;
};

} // namespace alloy::inline ALLOY_ABI
