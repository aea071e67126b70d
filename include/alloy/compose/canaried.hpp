// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::canaried`: a word in front of each block, and one behind it, that nobody may
/// write.
///
///     | padding | canary |  block, as asked  | canary |       one block of Upstream
///               '---- one seal, of a secret and the address ----'
///
/// Both are verified when the block comes back. Nothing else is kept, so that a release costs some
/// ten instructions whatever the block's size.
///
/// Choose it in production, inside of what knows each block (`checked`, without margins): see
/// guarded_pool. Avoid it where every stray write must be told: one that jumps over a word is not,
/// nor is one to a released block. `checked` has margins of any length, and seals what comes back.

#include <alloy/core/ability.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/fence.hpp>
#include <alloy/core/forward.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/misuse.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/seal.hpp>
#include <alloy/core/secret.hpp>
#include <alloy/core/type_name.hpp>
#include <alloy/source/new.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Puts a canary on either side of each block of `Upstream`, and reports to the handler that
/// on_misuse() set if one was written. There is no owns(): an address does not tell where the
/// padding begins, which is as long as the alignment.
///
/// @tparam Upstream Where blocks and their canaries come from.
/// @threads None: put it inside `locked` to share it.
/// @source  C. Cowan et al., "StackGuard", USENIX Security 1998.
template <policy Upstream>
class canaried {
    static constexpr std::size_t word = 8; // bytes
    static_assert(max_size_v<Upstream> > 2 * word,
                  "alloy::canaried: Upstream has no room for the canaries of a block");
    static_assert(outermost_guard_v<Upstream> <= guard_rank::canary,
                  "alloy::canaried: it would read beside what a guard inside has not checked yet");

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream> - 2 * word;
    static constexpr bool zero_fresh = zero_fresh_v<Upstream>;
    static constexpr guard_rank outermost_guard = guard_rank::canary;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, canaried> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        canaried(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    canaried(const canaried&) = delete;
    canaried& operator=(const canaried&) = delete;
    ~canaried() = default;

    /// @return `want.size` bytes and not one more, or null if upstream has none for the whole.
    [[nodiscard, gnu::always_inline]] void* allocate(layout want) noexcept {
        return admit<op::allocate>(want);
    }

    /// As allocate(), zeroed.
    [[nodiscard, gnu::always_inline]] void* allocate_zeroed(layout want) noexcept
        requires zeroing_policy<Upstream>
    {
        return admit<op::allocate_zeroed>(want);
    }

    /// Takes the block back, once both canaries are verified. If one was written and the handler
    /// returns, it goes upstream like any other.
    /// @pre `given` is what was asked for: another size is reported as an overflow.
    [[gnu::always_inline]] void deallocate(void* at, layout given) noexcept {
        detail::expect_live(at);
        verify(at, given);
        auto&& upstream = upstream_.get();
        std::byte* const begin = static_cast<std::byte*>(at) - block::front(given.align);
        detail::unpoison(begin, block::find(at, given, upstream).bytes());
        upstream.deallocate(begin, block::with_margins(given));
    }

    /// Grows or shrinks a block where it is, if upstream can; the canary behind it moves.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept
        requires resizing_policy<Upstream>
    {
        detail::expect_live(at);
        auto&& upstream = upstream_.get();
        const layout want{size, given.align};
        const block before = block::find(at, given, upstream);
        verify(at, given);
        detail::unpoison(before.begin, before.bytes());
        const bool resized =
            upstream.resize(before.begin, before.whole, block::with_margins(want).size);
        protect(resized ? block::find(at, want, upstream) : before);
        return resized;
    }

    /// Lets upstream trim. @return Bytes that left it.
    std::size_t trim() noexcept // NOLINT(modernize-use-nodiscard): called for its effect
        requires trimming_policy<Upstream>
    {
        return upstream_.get().trim();
    }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

private:
    using block = detail::fenced<word>;

    template <class Op>
    [[nodiscard, gnu::always_inline]] void* admit(layout want) noexcept {
        auto&& upstream = upstream_.get();
        void* const begin = Op{block::with_margins(want)}(upstream);
        if (begin == nullptr) [[unlikely]] { return nullptr; }
        void* const at = static_cast<std::byte*>(begin) + block::front(want.align);
        protect(block::find(at, want, upstream));
        return at;
    }

    /// What is in front of the block at `at`, and behind it.
    [[nodiscard, gnu::always_inline]] static detail::seal
    canary_at(const std::byte* place, const void* at, std::uint64_t secret) noexcept {
        return {detail::folded(detail::address(at), secret), place};
    }

    [[gnu::always_inline]] void protect(const block& fresh) noexcept {
        const std::uint64_t secret = secret_.number();
        std::byte* const front = fresh.at - word;
        std::byte* const back = fresh.limit();
        canary_at(front, fresh.at, secret).put(front, front + word);
        canary_at(back, fresh.at, secret).put(back, back + word);
        detail::poison(back, static_cast<std::size_t>(fresh.end - back));
        detail::poison(fresh.begin, static_cast<std::size_t>(fresh.at - fresh.begin));
    }

    [[gnu::always_inline]] void verify(const void* at, layout asked) const noexcept {
        const auto* const first = static_cast<const std::byte*>(at);
        inspect(misuse::underflow, first - word, at, asked);
        inspect(misuse::overflow, first + asked.size, at, asked);
    }

    [[gnu::always_inline]] void inspect(misuse kind, const std::byte* place, const void* at,
                                        layout asked) const noexcept {
        const detail::seal canary = canary_at(place, at, secret_.known());
        if (!canary.intact(place, place + word)) [[unlikely]] { report(kind, at, asked); }
    }

    [[gnu::noinline, gnu::cold]] void report(misuse kind, const void* at,
                                             layout asked) const noexcept {
        const auto* const first = static_cast<const std::byte*>(at);
        const auto* const place = kind == misuse::overflow ? first + asked.size : first - word;
        const detail::seal canary = canary_at(place, at, secret_.known());
        detail::report_misuse({.kind = kind,
                               .at = at,
                               .known = asked,
                               .where = canary.broken(place, place + word),
                               .seed = secret_.seed(),
                               .policy = type_name<canaried>});
    }

    detail::secret secret_;
    [[no_unique_address]] detail::member<Upstream, canaried> upstream_;
};

static_assert(policy<canaried<new_source>>);

} // namespace alloy::inline ALLOY_ABI
