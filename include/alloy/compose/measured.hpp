// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::measured`: every block carries its size.
///
///     |  padding  | size |  block ...      |
///     '---- prefix ------'-- asked size ---'
///     ^ from upstream    ^ handed out; both are aligned as asked
///
/// The prefix is as long as the alignment, at least one word, so that what follows it is aligned as
/// well as upstream's block; its last word holds the size that was asked for.
///
/// Choose it where a block is released by who was not told its size: a nothrow `new`, a C library.
/// Avoid it where the size is known: it costs a word a block, and for what is aligned, as much as
/// the alignment.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/exact.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Keeps the size of each block of `Upstream` in front of it. `owns` is absent: without the
/// alignment, the start of upstream's block cannot be told from an address.
///
/// @tparam Upstream Where blocks and their prefixes come from.
/// @threads As `Upstream`.
template <policy Upstream>
class measured : public detail::upstream_lock<measured<Upstream>, Upstream> {
    static_assert(sizeof(std::size_t) <= Upstream::max_align,
                  "alloy::measured: Upstream cannot align the size in front of a block");
    static_assert(sizeof(std::size_t) < max_size_v<Upstream>,
                  "alloy::measured: Upstream has no room for the size in front of a block");

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream> - sizeof(std::size_t);
    static constexpr bool thread_safe = thread_safe_v<Upstream>;
    static constexpr bool single_threaded = single_threaded_v<Upstream>;
    static constexpr bool zero_fresh = zero_fresh_v<Upstream>;
    static constexpr bool migratory = migratory_v<Upstream>;
    static constexpr bool keeps_origins = keeps_origins_v<Upstream>;
    static constexpr guard_rank outermost_guard = outermost_guard_v<Upstream>;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, measured> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        measured(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    measured(const measured&) = delete;
    measured& operator=(const measured&) = delete;
    ~measured() = default;

    /// @return `want.size` bytes and not one more, or null if upstream has none for the whole.
    [[nodiscard]] void* allocate(layout want) noexcept {
        auto&& upstream = upstream_.get();
        void* const whole = detail::try_take(upstream, with_prefix(want));
        if (whole == nullptr) [[unlikely]] { return nullptr; }
        const std::size_t prefix = prefix_for(want.align);
        void* const at = static_cast<std::byte*>(whole) + prefix;
        *size_of(at) = want.size;
        detail::poison(whole, prefix);
        return at;
    }

    /// Takes the block back. @pre `given` is what was asked for: asserted in debug builds.
    void deallocate(void* at, layout given) noexcept {
        detail::expect_live(at);
        ALLOY_ASSERT(given.size == usable_size(at));
        auto&& upstream = upstream_.get();
        const std::size_t prefix = prefix_for(given.align);
        void* const whole = static_cast<std::byte*>(at) - prefix;
        detail::unpoison(whole, prefix);
        detail::give_back(upstream, whole, with_prefix(given));
    }

    /// Grows or shrinks a block where it is, if upstream can.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept
        requires resizing_policy<Upstream>
    {
        detail::expect_live(at);
        ALLOY_ASSERT(given.size == usable_size(at));
        auto&& upstream = upstream_.get();
        const std::size_t prefix = prefix_for(given.align);
        void* const whole = static_cast<std::byte*>(at) - prefix;
        const layout before = with_prefix(given);
        const layout after = with_prefix({size, given.align});
        detail::unpoison(whole, prefix);
        detail::unpoison_slack(upstream, whole, before, before.size);
        const bool resized = upstream.resize(whole, before, after.size);
        const layout now = resized ? after : before;
        detail::poison_slack(upstream, whole, now, now.size);
        if (resized) { *size_of(at) = size; }
        detail::poison(whole, prefix);
        return resized;
    }

    /// The size that was asked for the live block at `at`. @complexity O(1).
    [[nodiscard]] static std::size_t usable_size(const void* at) noexcept {
        return detail::read_kept(static_cast<const std::size_t*>(at) - 1);
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
    static constexpr std::size_t prefix_for(std::size_t align) noexcept {
        return std::max(align, sizeof(std::size_t));
    }

    /// What to ask upstream; for a sum that is not representable, what nobody can serve.
    static constexpr layout with_prefix(layout asked) noexcept {
        const std::size_t prefix = prefix_for(asked.align);
        const std::size_t room = unlimited - prefix;
        return {asked.size > room ? unlimited : prefix + asked.size, prefix};
    }

    static std::size_t* size_of(void* at) noexcept { return static_cast<std::size_t*>(at) - 1; }

    [[no_unique_address]] detail::member<Upstream, measured> upstream_;
};

static_assert(measuring_policy<measured<new_source>> && thread_safe_v<measured<new_source>>);

} // namespace alloy::inline ALLOY_ABI
