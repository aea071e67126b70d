// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::counted`: what came and what went, and so what is live.
///
///     allocate --> came: blocks, bytes asked, bytes granted     live = came - went
///     release  --> went: blocks, bytes asked, bytes granted     end:  live == 0, or a leak
///
/// Neither path writes what the other one does. Shared among threads, each has counters of its own
/// (on a cache line, for the first 16), which are summed when somebody asks.
///
/// Choose it in tests, around an arena or pool whose containers must all be gone before it is, and
/// wherever a program should know what a part of it holds: a `counted` of its own for each part, in
/// front of one pool for all, is an account by purpose. Avoid it around an arena that is dropped
/// with its blocks: that is what it reports.

#include <alloy/core/around.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/best_classes.hpp>
#include <alloy/core/misuse.hpp>
#include <alloy/core/reading.hpp>
#include <alloy/core/thread_number.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace alloy::inline ALLOY_ABI {

/// What a `counted` does.
struct counted_options {
    gauge reads = gauge::blocks;
    bool shared = false; ///< Counts what all threads do; upstream is thread-safe then.
};

/// Counts the blocks of what it stands around.
template <counted_options Options>
class counting {
    static constexpr bool in_bytes = Options.reads >= gauge::bytes;
    static constexpr bool by_size = Options.reads == gauge::sizes;

public:
    static constexpr bool thread_safe = Options.shared;

    /// Sizes are told apart in steps of 16 bytes to 1 KiB, and above by powers of two.
    static constexpr std::size_t sizes = 64 + 38;
    /// The largest size that counts as the `i`-th.
    static constexpr std::size_t size_at(std::size_t i) noexcept {
        return i < 64 ? 16 * (i + 1) : std::size_t{2048} << (i - 64);
    }

    constexpr counting() = default;
    counting(const counting&) = delete;
    counting& operator=(const counting&) = delete;

    /// Reports what is live.
    constexpr ~counting() {
        if (!std::is_constant_evaluated()) { expect_none(); }
    }

    void* operator()(const op::allocate& asked, const auto& proceed) noexcept {
        return one(asked.want, proceed);
    }
    void* operator()(const op::allocate_zeroed& asked, const auto& proceed) noexcept {
        return one(asked.want, proceed);
    }
    std::size_t operator()(const op::allocate_batch& asked, const auto& proceed) noexcept {
        const std::size_t n = proceed();
        came(asked.want, n, proceed);
        return n;
    }
    void operator()(const op::deallocate& asked, const auto& proceed) noexcept {
        went(asked.given, 1, proceed);
        proceed();
    }
    void operator()(const op::deallocate_batch& asked, const auto& proceed) noexcept {
        went(asked.given, asked.n, proceed);
        proceed();
    }
    bool operator()(const op::resize& asked, const auto& proceed) noexcept {
        if (!proceed()) { return false; }
        if constexpr (in_bytes) {
            went(asked.given, 1, proceed);
            came({asked.size, asked.given.align}, 1, proceed);
        }
        return true;
    }
    void operator()(const op::reset& /*all*/, const auto& proceed) noexcept {
        expect_none();
        proceed();
    }
    decltype(auto) operator()(const auto& /*other*/, const auto& proceed) noexcept {
        return proceed();
    }

    /// @complexity O(1), or O(16) if shared. @threads If shared, any: what is read is what was
    /// written before, and, of what others do meanwhile, some.
    [[nodiscard]] reading read() const noexcept {
        reading sum;
        for (const counters& each : counters_) {
            add(sum.came, each.came);
            add(sum.went, each.went);
        }
        if constexpr (keeps_peak) { sum.peak = peak_.peak; }
        return sum;
    }

    /// Blocks that came and were of the `i`-th size.
    [[nodiscard]] std::uint64_t came_of_size(std::size_t i) const noexcept
        requires by_size
    {
        std::uint64_t sum = 0;
        for (const counters& each : counters_) { sum += each.of_size[i].load(relaxed); }
        return sum;
    }

private:
    static constexpr auto relaxed = std::memory_order_relaxed;
    static constexpr std::size_t ways = Options.shared ? 16 : 1;
    static constexpr bool keeps_peak = in_bytes && !Options.shared;
    using number = std::atomic<std::uint64_t>;

    struct blocks_alone {
        number blocks{0};
    };
    struct with_bytes : blocks_alone {
        number requested{0};
        number granted{0};
    };
    using path = std::conditional_t<in_bytes, with_bytes, blocks_alone>;
    struct nothing {};
    struct highest {
        std::uint64_t peak = 0;
    };
    struct alignas(Options.shared ? 64 : alignof(number)) counters {
        path came;
        path went;
        [[no_unique_address]] std::conditional_t<by_size, std::array<number, sizes>, nothing>
            of_size{};
    };

    static void increase(number& by, std::uint64_t n) noexcept {
        if constexpr (Options.shared) {
            by.fetch_add(n, relaxed); // a line has more than one thread if there are more than 16
        } else {
            by.store(by.load(relaxed) + n, relaxed);
        }
    }

    static void add(traffic& sum, const path& way) noexcept {
        sum.blocks += way.blocks.load(relaxed);
        if constexpr (in_bytes) {
            sum.requested += way.requested.load(relaxed);
            sum.granted += way.granted.load(relaxed);
        }
    }

    [[nodiscard]] counters& here() noexcept {
        if constexpr (Options.shared) { return counters_[detail::thread_number() % ways]; }
        return counters_[0];
    }

    void* one(layout want, const auto& proceed) noexcept {
        void* const at = proceed();
        if (at != nullptr) [[likely]] { came(want, 1, proceed); }
        return at;
    }

    void came(layout want, std::size_t n, const auto& proceed) noexcept {
        counters& mine = here();
        count(mine.came, want, n, proceed);
        if constexpr (by_size) { increase(mine.of_size[index_of(want.size)], n); }
        if constexpr (keeps_peak) {
            const std::uint64_t live =
                mine.came.granted.load(relaxed) - mine.went.granted.load(relaxed);
            peak_.peak = std::max(peak_.peak, live);
        }
    }

    void went(layout given, std::size_t n, const auto& proceed) noexcept {
        counters& mine = here();
        count(mine.went, given, n, proceed);
        if constexpr (!Options.shared) { // else a block comes back twice
            ALLOY_ASSERT(mine.went.blocks.load(relaxed) <= mine.came.blocks.load(relaxed));
        }
    }

    static void count(path& way, layout of, std::size_t n, const auto& proceed) noexcept {
        increase(way.blocks, n);
        if constexpr (in_bytes) {
            increase(way.requested, n * of.size);
            increase(way.granted, n * good_size(proceed.upstream, of));
        }
    }

    static constexpr std::size_t index_of(std::size_t size) noexcept {
        if (size <= 1024) { return (size - 1) / 16; }
        const auto above = static_cast<std::size_t>(std::bit_width(size - 1)) - 11;
        return std::min(64 + above, sizes - 1);
    }

    void expect_none() const noexcept {
        const traffic live = read().live();
        if (live.blocks == 0) [[likely]] { return; }
        detail::report_misuse(
            {.kind = misuse::leak, .known = {live.requested, 1}, .blocks = live.blocks});
    }

    std::array<counters, ways> counters_{};
    [[no_unique_address]] std::conditional_t<keeps_peak, highest, nothing> peak_;
};

/// Counts nothing; of a type for each `Upstream`, so that two of them take no room either.
template <policy Upstream>
struct not_counting {
    [[gnu::always_inline]] decltype(auto) operator()(const auto& /*any*/,
                                                     const auto& proceed) const noexcept {
        return proceed();
    }
};

/// `Upstream`, and what came and went. There is no mark() and no rewind(), which end an unknown
/// number of blocks. Where bytes are counted, good_size is the identity and usable_size() absent,
/// so that a block comes back with the size that was asked.
///
/// @threads None: put it inside `locked` to share it, or share the counters themselves.
template <policy Upstream, counted_options Options = counted_options{}>
class counted : public around<counting<Options>, Upstream> {
    static_assert(!Options.shared || thread_safe_v<Upstream>,
                  "alloy::counted: threads share the counters, but Upstream is not thread-safe");
    static_assert(outermost_guard_v<Upstream> <= guard_rank::count,
                  "alloy::counted: a hook stands outside of a count");
    using base = around<counting<Options>, Upstream>;

public:
    using base::base;

    static constexpr bool counts_bytes = Options.reads >= gauge::bytes;
    static constexpr bool migratory = false; ///< A block counts where it came from.
    static constexpr guard_rank outermost_guard = guard_rank::count;

    void mark() = delete;
    void rewind() = delete;

    [[nodiscard]] std::size_t good_size(layout want) const noexcept
        requires(rounding_policy<Upstream> && !counts_bytes)
    {
        return base::good_size(want);
    }
    [[nodiscard]] std::size_t usable_size(const void* at) const noexcept
        requires(measuring_policy<Upstream> && !counts_bytes)
    {
        return base::usable_size(at);
    }

    /// What came and what went.
    [[nodiscard]] reading read() const noexcept { return this->advice().read(); }

    /// Blocks that are out.
    [[nodiscard]] std::size_t live() const noexcept { return read().live().blocks; }

    /// Blocks that came, by size, the sizes rising; those of no block too.
    [[nodiscard]] auto histogram() const noexcept
        requires(Options.reads == gauge::sizes)
    {
        std::array<size_count, counting<Options>::sizes> all{};
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i] = {counting<Options>::size_at(i), this->advice().came_of_size(i)};
        }
        return all;
    }
};

/// Nothing is counted, and nothing is added.
template <policy Upstream, counted_options Options>
    requires(Options.reads == gauge::none)
class counted<Upstream, Options> : public around<not_counting<Upstream>, Upstream> {
public:
    using around<not_counting<Upstream>, Upstream>::around;
};

static_assert(policy<counted<new_source>>);

} // namespace alloy::inline ALLOY_ABI
