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
#include <alloy/core/tally.hpp>
#include <alloy/source/new.hpp>

#include <array>
#include <cstddef>
#include <type_traits>

namespace alloy::inline ALLOY_ABI {

/// Counts the blocks of what it stands around.
template <counted_options Options>
class counting {
public:
    static constexpr bool thread_safe = Options.shared;

    constexpr counting() = default;
    counting(const counting&) = delete;
    counting& operator=(const counting&) = delete;

    /// Reports what is live.
    constexpr ~counting() {
        if (!std::is_constant_evaluated()) { expect_none(); }
    }

    [[gnu::always_inline]] void* operator()(const op::allocate& asked,
                                            const auto& proceed) noexcept {
        return one(asked.want, proceed);
    }
    void* operator()(const op::allocate_zeroed& asked, const auto& proceed) noexcept {
        return one(asked.want, proceed);
    }
    std::size_t operator()(const op::allocate_batch& asked, const auto& proceed) noexcept {
        const std::size_t n = proceed();
        tally_.came(n, asked.want.size, granted(asked.want, proceed));
        return n;
    }
    [[gnu::always_inline]] void operator()(const op::deallocate& asked,
                                           const auto& proceed) noexcept {
        tally_.went(1, asked.given.size, granted(asked.given, proceed));
        proceed();
    }
    void operator()(const op::deallocate_batch& asked, const auto& proceed) noexcept {
        tally_.went(asked.n, asked.given.size, granted(asked.given, proceed));
        proceed();
    }
    bool operator()(const op::resize& asked, const auto& proceed) noexcept {
        if (!proceed()) { return false; }
        const layout now{asked.size, asked.given.align};
        tally_.changed({0, asked.given.size, granted(asked.given, proceed)},
                       {0, asked.size, granted(now, proceed)});
        return true;
    }
    void operator()(const op::reset& /*all*/, const auto& proceed) noexcept {
        expect_none();
        tally_.settle();
        proceed();
    }
    decltype(auto) operator()(const auto& /*other*/, const auto& proceed) noexcept {
        return proceed();
    }

    [[nodiscard]] const detail::tally<Options>& tally() const noexcept { return tally_; }

private:
    [[gnu::always_inline]] void* one(layout want, const auto& proceed) noexcept {
        void* const at = proceed();
        if (at != nullptr) [[likely]] { tally_.came(1, want.size, granted(want, proceed)); }
        return at;
    }

    static std::size_t granted([[maybe_unused]] layout of,
                               [[maybe_unused]] const auto& proceed) noexcept {
        if constexpr (Options.reads >= gauge::bytes) { return good_size(proceed.upstream, of); }
        return 0;
    }

    void expect_none() const noexcept {
        const traffic live = tally_.read().live();
        if (live.blocks == 0) [[likely]] { return; }
        detail::report_misuse(
            {.kind = misuse::leak, .known = {live.requested, 1}, .blocks = live.blocks});
    }

    detail::tally<Options> tally_;
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
    [[nodiscard]] reading read() const noexcept { return this->advice().tally().read(); }

    /// Blocks that are out.
    [[nodiscard]] std::size_t live() const noexcept { return read().live().blocks; }

    /// Blocks that came, by size, the sizes rising; those of no block too.
    [[nodiscard]] auto histogram() const noexcept
        requires(Options.reads == gauge::sizes)
    {
        std::array<size_count, detail::tally<Options>::sizes> all{};
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i] = {detail::tally<Options>::size_at(i), this->advice().tally().of_size(i)};
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
