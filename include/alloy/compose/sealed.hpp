// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::sealed`: the promise that nothing more will be asked for.
///
///     start-up            pool --> sealed --> system
///     system.seal()       pool --> sealed --X   late request: reported, refused
///
/// Below a pool it says that start-up is over: from then on the pool lives on what it has, and no
/// thread waits for the system. What comes back still passes.
///
/// Choose it where time is bounded: control loops, audio, what runs after initialisation. Avoid it
/// for a promise about one thread or one stretch of code: that is `no_alloc_scope`.

#include <alloy/core/around.hpp>
#include <alloy/core/misuse.hpp>
#include <alloy/source/new.hpp>

#include <atomic>
#include <cstddef>
#include <type_traits>

namespace alloy::inline ALLOY_ABI {

/// Reports and refuses requests while it is closed.
class closing {
public:
    [[gnu::always_inline]] void* operator()(const op::allocate& asked,
                                            const auto& proceed) const noexcept {
        return refuses(proceed, asked.want) ? nullptr : proceed();
    }
    void* operator()(const op::allocate_zeroed& asked, const auto& proceed) const noexcept {
        return refuses(proceed, asked.want) ? nullptr : proceed();
    }
    std::size_t operator()(const op::allocate_batch& asked, const auto& proceed) const noexcept {
        return refuses(proceed, asked.want) ? 0 : proceed();
    }
    bool operator()(const op::resize& asked, const auto& proceed) const noexcept {
        const layout want{asked.size, asked.given.align};
        const bool grows =
            good_size(proceed.upstream, want) > good_size(proceed.upstream, asked.given);
        return !(grows && refuses(proceed, want, asked.at)) && proceed();
    }
    [[gnu::always_inline]] decltype(auto) operator()(const auto& /*other*/,
                                                     const auto& proceed) const noexcept {
        return proceed();
    }

    void close(bool closed) noexcept { closed_.store(closed, std::memory_order_relaxed); }

private:
    template <class Proceed>
    [[nodiscard]] bool refuses(const Proceed& proceed, layout want,
                               const void* at = nullptr) const noexcept {
        if (!closed_.load(std::memory_order_relaxed)) [[likely]] { return false; }
        using upstream = std::remove_cvref_t<decltype(proceed.upstream)>;
        detail::report_misuse(
            {.kind = misuse::late_request, .at = at, .said = want, .policy = type_name<upstream>});
        return true;
    }

    std::atomic<bool> closed_ = false;
};

/// `Upstream`, until its owner seals it.
///
/// A request is a block, a zeroed block, a batch, and a resize() that needs more bytes. It is
/// reported as misuse::late_request, with what was asked for, and the block where there is one. If
/// the handler returns, the request is refused as if memory were out, and Upstream not asked.
///
/// @threads As `Upstream`; sealing and unsealing too may be done by any. Who asks at that moment is
///          before or after it.
template <policy Upstream = new_source>
class sealed : public around<closing, Upstream> {
public:
    using around<closing, Upstream>::around;

    /// From now on every request is a misuse.
    void seal() const noexcept { this->advice().close(true); }

    /// Requests are met again: there is a new start-up, or an orderly end.
    void unseal() const noexcept { this->advice().close(false); }
};

static_assert(policy<sealed<>> && thread_safe_v<sealed<>>);

} // namespace alloy::inline ALLOY_ABI
