// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::retrying`: before memory is out, somebody is asked to make room.
///
///     want --> upstream --null--> handler: freed something? --yes--> upstream --> ...
///                                                           \-no--> null
///
/// Choose it where a program keeps what it could do without: caches, pools that can trim(), a
/// reserve for hard times. Avoid it inside `locked`: the handler would wait for the lock that its
/// caller holds as soon as it frees anything there.

#include <alloy/core/around.hpp>
#include <alloy/source/new.hpp>

#include <cstddef>
#include <type_traits>

namespace alloy::inline ALLOY_ABI {

/// Told that upstream has no block for `want`. Frees what it can, and returns whether that was
/// anything: if so, upstream is asked again. It may use the policy that asks.
using room_maker = bool (*)(void* context, layout want) noexcept;

/// Asks a room_maker, and then again, for as long as there is one that helps.
class retrial {
public:
    void* operator()(const op::allocate& asked, const auto& proceed) const noexcept {
        return until_served(asked.want, proceed);
    }
    void* operator()(const op::allocate_zeroed& asked, const auto& proceed) const noexcept {
        return until_served(asked.want, proceed);
    }
    std::size_t operator()(const op::allocate_batch& asked, const auto& proceed) const noexcept {
        std::size_t n = proceed();
        while (n < asked.n && makes_room(asked.want, proceed)) {
            n += op::allocate_batch{asked.want, asked.out + n, asked.n - n}(proceed.upstream);
        }
        return n;
    }
    decltype(auto) operator()(const auto& /*other*/, const auto& proceed) const noexcept {
        return proceed();
    }

    void on_exhaustion(room_maker handler, void* context) noexcept {
        handler_ = handler;
        context_ = context;
    }

private:
    void* until_served(layout want, const auto& proceed) const noexcept {
        void* at = proceed();
        while (at == nullptr && makes_room(want, proceed)) [[unlikely]] { at = proceed(); }
        return at;
    }

    /// Nobody is asked for what no freed memory would help.
    template <class Proceed>
    [[nodiscard]] bool makes_room(layout want, const Proceed& proceed) const noexcept {
        using upstream = std::remove_cvref_t<decltype(proceed.upstream)>;
        return handler_ != nullptr && want.size <= max_size_v<upstream> &&
               want.align <= upstream::max_align && handler_(context_, want);
    }

    room_maker handler_ = nullptr;
    void* context_ = nullptr;
};

/// `Upstream`, and a second chance for what it cannot serve. A resize() gets none: it is false
/// while everything is as it was.
///
/// @threads As `Upstream`, once the handler is set; it is called by the thread that asks.
/// @source  std::set_new_handler, ISO C++; for one policy instead of the process.
template <policy Upstream>
class retrying : public around<retrial, Upstream> {
public:
    using around<retrial, Upstream>::around;

    /// Sets who is asked to make room, null for nobody. Before the policy is shared.
    void on_exhaustion(room_maker handler, void* context = nullptr) noexcept {
        this->advice().on_exhaustion(handler, context);
    }
};

static_assert(policy<retrying<new_source>> && thread_safe_v<retrying<new_source>>);

} // namespace alloy::inline ALLOY_ABI
