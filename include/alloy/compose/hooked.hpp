// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::hooked`: code of the user's sees every block come and go.
///
///     allocate     upstream --> hooks.allocated(at, has)        once the block is there
///     deallocate   hooks.released(at, has) --> upstream         while it still is
///
/// Hooks are an object with any of these members, and are told of nothing else:
///
///     allocated(void* at, layout has)                 released(void* at, layout has)
///     resized(void* at, layout had, layout has)       reset()
///
/// A block `has` all that its request makes usable, its good_size: the same when it comes and when
/// it goes. Blocks of a batch come and go one by one. A block that changes its size in place is
/// released and allocated for hooks without resized().
///
/// Choose it for profilers, traces and statistics of one's own; `heaptrack_hooks` and `tracy_hooks`
/// are below. Avoid it for what must refuse or change a request: that is an advice of `around`.

#include <alloy/core/around.hpp>
#include <alloy/source/new.hpp>

#include <cstddef>
#include <type_traits>

namespace alloy::inline ALLOY_ABI {

namespace detail {

template <class H>
concept hears_allocated = requires(H& hooks, void* at, layout has) { hooks.allocated(at, has); };
template <class H>
concept hears_released = requires(H& hooks, void* at, layout has) { hooks.released(at, has); };
template <class H>
concept hears_resized = requires(H& hooks, void* at, layout has) { hooks.resized(at, has, has); };
template <class H>
concept hears_reset = requires(H& hooks) { hooks.reset(); };

/// The advice that tells `Hooks`.
template <class Hooks>
class telling {
public:
    [[gnu::always_inline]] void* operator()(const op::allocate& asked,
                                            const auto& proceed) noexcept {
        return came(proceed(), asked.want, proceed);
    }
    void* operator()(const op::allocate_zeroed& asked, const auto& proceed) noexcept {
        return came(proceed(), asked.want, proceed);
    }
    std::size_t operator()(const op::allocate_batch& asked, const auto& proceed) noexcept {
        const std::size_t n = proceed();
        for (std::size_t i = 0; i < n; ++i) { came(asked.out[i], asked.want, proceed); }
        return n;
    }
    [[gnu::always_inline]] void operator()(const op::deallocate& asked,
                                           const auto& proceed) noexcept {
        goes(asked.at, all_of(asked.given, proceed));
        proceed();
    }
    void operator()(const op::deallocate_batch& asked, const auto& proceed) noexcept {
        for (std::size_t i = 0; i < asked.n; ++i) {
            goes(asked.in[i], all_of(asked.given, proceed));
        }
        proceed();
    }
    bool operator()(const op::resize& asked, const auto& proceed) noexcept {
        const layout had = all_of(asked.given, proceed);
        const layout has = all_of({asked.size, asked.given.align}, proceed);
        if (!proceed()) { return false; }
        if (had == has) { return true; }
        if constexpr (hears_resized<Hooks>) {
            hooks_.resized(asked.at, had, has);
        } else {
            goes(asked.at, had);
            comes(asked.at, has);
        }
        return true;
    }
    void operator()(const op::reset& /*all*/, const auto& proceed) noexcept {
        hooks_.reset();
        proceed();
    }
    decltype(auto) operator()(const auto& /*other*/, const auto& proceed) noexcept {
        return proceed();
    }

    [[nodiscard]] Hooks& hooks() noexcept { return hooks_; }

private:
    static layout all_of(layout asked, const auto& proceed) noexcept {
        return {good_size(proceed.upstream, asked), asked.align};
    }

    [[gnu::always_inline]] void* came(void* at, layout want, const auto& proceed) noexcept {
        if (at != nullptr) { comes(at, all_of(want, proceed)); }
        return at;
    }

    void comes([[maybe_unused]] void* at, [[maybe_unused]] layout has) noexcept {
        if constexpr (hears_allocated<Hooks>) { hooks_.allocated(at, has); }
    }
    void goes([[maybe_unused]] void* at, [[maybe_unused]] layout has) noexcept {
        if constexpr (hears_released<Hooks>) { hooks_.released(at, has); }
    }

    [[no_unique_address]] Hooks hooks_;
};

/// What the tools define if they are there. The names in the object file are theirs, those in C++
/// are not: no header of theirs can disagree with these declarations.
[[gnu::weak]] void heaptrack_allocated(void* at, std::size_t size) noexcept asm("heaptrack_malloc");
[[gnu::weak]] void heaptrack_released(void* at) noexcept asm("heaptrack_free");
[[gnu::weak]] void tracy_allocated(const void* at, std::size_t size, int secure) noexcept
    asm("___tracy_emit_memory_alloc");
[[gnu::weak]] void tracy_released(const void* at, int secure) noexcept
    asm("___tracy_emit_memory_free");

} // namespace detail

/// Tells `Hooks` of every block of `Upstream`. There is no mark() and no rewind(), which end blocks
/// unseen, and a reset() only for hooks that have one: it is called before.
///
/// @tparam Hooks Default-constructible. Hooks must not use the policy that tells them. Those with
///               state see the blocks of one instance, and are not `migratory`.
/// @threads As `Upstream`, for hooks that declare `static constexpr bool thread_safe = true`; put
///          it inside `locked` for others.
template <class Hooks, policy Upstream = new_source>
class hooked : public around<detail::telling<Hooks>, Upstream> {
    using base = around<detail::telling<Hooks>, Upstream>;
    static_assert(detail::hears_allocated<Hooks> || detail::hears_released<Hooks> ||
                      detail::hears_resized<Hooks> || detail::hears_reset<Hooks>,
                  "alloy::hooked: Hooks has no member that could be called");

public:
    using base::base;

    static constexpr bool thread_safe = [] {
        if constexpr (requires { bool{Hooks::thread_safe}; }) {
            return Hooks::thread_safe && thread_safe_v<Upstream>;
        }
        return false;
    }();
    static constexpr bool migratory = std::is_empty_v<Hooks> && migratory_v<Upstream>;
    static constexpr guard_rank outermost_guard = guard_rank::hook;

    void mark() = delete;
    void rewind() = delete;

    /// Ends every block, and tells so.
    void reset() const noexcept
        requires resettable_policy<Upstream> && detail::hears_reset<Hooks>
    {
        base::reset();
    }

    /// The hooks, for the owner.
    [[nodiscard]] Hooks& hooks() const noexcept { return this->advice().hooks(); }
};

/// Shows every block to heaptrack where the program runs under it: `heaptrack ./program`. Otherwise
/// the test of one address is all.
///
/// What heaptrack sees twice it counts twice: put it around a policy over `pages`, not over malloc.
/// The dynamic linker must be left a choice, which a program that is not position-independent
/// denies it.
///
/// @threads Safe.
/// @source  heaptrack_api.h of heaptrack, KDE.
struct heaptrack_hooks {
    static constexpr bool thread_safe = true; ///< Callable from any thread.

    static void allocated(void* at, layout has) noexcept {
        if (detail::heaptrack_allocated != nullptr) [[unlikely]] {
            detail::heaptrack_allocated(at, has.size);
        }
    }
    static void released(void* at, layout /*had*/) noexcept {
        if (detail::heaptrack_released != nullptr) [[unlikely]] { detail::heaptrack_released(at); }
    }
};

/// Shows every block to Tracy, in its default pool, where its client is part of the program.
/// Otherwise the test of one address is all.
///
/// Tracy ends its session over an address that comes twice: nothing below may be shown to it too.
///
/// @threads Safe.
/// @source  TracyC.h of Tracy. Its releases to 0.12 take a last argument, whether to look first if
///          the profiler is there; later ones always look, and leave the argument in its register.
struct tracy_hooks {
    static constexpr bool thread_safe = true; ///< Callable from any thread.

    static void allocated(void* at, layout has) noexcept {
        if (detail::tracy_allocated != nullptr) [[unlikely]] {
            detail::tracy_allocated(at, has.size, 1);
        }
    }
    static void released(void* at, layout /*had*/) noexcept {
        if (detail::tracy_released != nullptr) [[unlikely]] { detail::tracy_released(at, 1); }
    }
};

static_assert(thread_safe_v<hooked<heaptrack_hooks>> && migratory_v<hooked<tracy_hooks>>);

} // namespace alloy::inline ALLOY_ABI
