// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bump`: an arena; blocks in a row, released together.
///
///     chunks_ --> [ block | block | block |   free   ] --> [ block | block | bl.. ] --> null
///     spare_  --> [                  ] --> null            '--- twice as small ---'
///
/// A request moves a cursor; a full chunk is followed by one twice as large, up to a cap. What was
/// allocated last may grow, shrink and come back; everything else ends at once, by `reset` or by
/// `rewind` to a mark.
///
/// Choose it for what is built, used and dropped as a whole: a parsed document, a frame, a request.
/// Avoid it where blocks come and go on their own: a released block is not used again.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/chunk.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/region.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// How the chunks of a `bump` grow: each is twice the one before. A request that is larger than
/// its turn gets a chunk of its own size. An arena that holds nothing starts over.
struct bump_options {
    std::size_t first = 4096;                    ///< Bytes of the first chunk.
    std::size_t largest = std::size_t{1} << 20U; ///< Bytes beyond which chunks stop growing.
};

/// Hands out memory in order from chunks of `Upstream`.
///
/// @threads None: an arena belongs to one thread at a time.
/// @source  D. R. Hanson, "Fast Allocation and Deallocation of Memory Based on Object Lifetimes",
///          Software: Practice and Experience 20(1), 1990; marks as in GNU obstacks.
template <bump_options Options = bump_options{}, policy Upstream = new_source>
class bump {
    static_assert(Options.first >= 64 && Options.first <= Options.largest,
                  "alloy::bump: chunks grow from `first`, at least 64 bytes, to `largest`");
    static_assert(detail::chunk_list::align <= Upstream::max_align,
                  "alloy::bump: Upstream cannot align a chunk");

public:
    static constexpr std::size_t max_align = any_align; ///< Any power of two; padding is lost.

    /// A moment in the arena's life, for rewind().
    class marker {
        friend bump;
        detail::chunk* newest_;
        std::byte* at_;
    };

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, bump> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        bump(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    bump(const bump&) = delete;
    bump& operator=(const bump&) = delete;

    /// Ends every block and returns every chunk.
    ~bump() {
        reset();
        spare_.release(upstream_.get());
    }

    /// @return The next `want.size` bytes, or null if upstream is out.
    /// @complexity O(1), but for a new chunk.
    [[nodiscard]] void* allocate(layout want) noexcept {
        void* at = free_.take(want);
        if (at == nullptr) [[unlikely]] {
            if (!extend(want)) { return nullptr; }
            at = free_.take(want);
        }
        detail::hand_out(nullptr, at, want.size);
        return at;
    }

    /// Takes the newest block back; an older one stays used. @complexity O(1).
    /// @pre `at` came from allocate() on this object and is still live.
    void deallocate(void* at, layout given) noexcept {
        detail::take_back(nullptr, at, given.size);
        if (free_.is_newest(at, given.size)) { free_.give(at); }
    }

    /// Grows or shrinks the newest block within its chunk. @complexity O(1).
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept {
        return free_.resize(at, given.size, size);
    }

    /// Now, to come back to. @complexity O(1).
    [[nodiscard]] marker mark() const noexcept {
        marker now;
        now.newest_ = chunks_.newest();
        now.at_ = free_.at();
        return now;
    }

    /// Ends every block allocated since `then`, and keeps the chunks. @complexity O(chunks since).
    /// @pre No older block was released or resized since, and nothing was rewound or reset beyond
    /// `then`.
    void rewind(marker then) noexcept {
        while (chunks_.newest() != then.newest_) {
            detail::chunk* const ended = chunks_.hand_over(spare_, 0);
            detail::poison(ended->begin(), ended->bytes - sizeof(detail::chunk));
        }
        if (then.newest_ == nullptr) {
            free_ = {};
            return;
        }
        free_ = {then.at_, then.newest_->end()};
        detail::poison(then.at_, free_.rest());
    }

    /// Ends every block, and keeps the chunks for the next ones. @complexity O(chunks).
    void reset() noexcept {
        marker start;
        start.newest_ = nullptr;
        rewind(start);
    }

    /// Returns the kept chunks upstream, and lets upstream trim. @return Bytes that left the arena.
    /// @complexity O(chunks).
    std::size_t trim() noexcept {
        const std::size_t bytes = spare_.release(upstream_.get());
        if (held() == 0) { turn_ = Options.first; }
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    /// Ends every block and returns every chunk upstream: reset(), then trim().
    void release() noexcept {
        reset();
        trim();
    }

    /// Bytes taken from upstream, kept chunks included.
    [[nodiscard]] std::size_t held() const noexcept { return chunks_.bytes() + spare_.bytes(); }

    /// Bytes of the largest block, if it need not be aligned, that takes no new chunk.
    [[nodiscard]] std::size_t largest_free() const noexcept {
        return std::max(free_.rest(), detail::redzone) - detail::redzone;
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// A block that was released but not the newest counts as used: an arena cannot tell.
    [[nodiscard]] byte_account account() const noexcept {
        const std::size_t spare_headers = spare_.count() * sizeof(detail::chunk);
        return {.taken = held(),
                .metadata = chunks_.count() * sizeof(detail::chunk) + spare_headers,
                .cached = spare_.bytes() - spare_headers,
                .fresh = free_.rest()};
    }

private:
    [[gnu::noinline, gnu::cold]] bool extend(layout want) noexcept {
        constexpr std::size_t extra = sizeof(detail::chunk) + detail::redzone;
        if (want.size > any_size / 2 || want.align > any_size / 4) { return false; }
        const std::size_t pad = want.align > alignof(detail::chunk) ? want.align : 0;
        const std::size_t need = extra + pad + want.size;
        detail::chunk* next = spare_.hand_over(chunks_, need);
        if (next == nullptr) {
            next = chunks_.acquire(upstream_.get(), std::max(need, turn_));
            if (next == nullptr) { return false; }
            turn_ = std::min(2 * turn_, Options.largest);
        }
        free_ = {next->begin(), next->end()};
        return true;
    }

    detail::region free_;
    detail::chunk_list chunks_;
    detail::chunk_list spare_;
    std::size_t turn_ = Options.first;
    [[no_unique_address]] detail::member<Upstream, bump> upstream_;
};

static_assert(marking_policy<bump<>> && resettable_policy<bump<>> && trimming_policy<bump<>> &&
              resizing_policy<bump<>>);

} // namespace alloy::inline ALLOY_ABI
