// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::forwarding`: every ability of a policy, passed on, written once.
///
/// A handle reaches a policy and a layer stands around one; both offer what that policy offers.
/// They derive from here and say only how one operation, an object of `alloy::op`, gets there.
/// What the policy lacks is absent. Constness is shallow, as it is for a pointer.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI {

/// The operations of a policy as objects: what is asked, and a call that asks it of a policy.
namespace op {

struct allocate {
    layout want;
    [[gnu::always_inline]] void* operator()(auto& p) const noexcept { return p.allocate(want); }
};
struct deallocate {
    void* at;
    layout given;
    [[gnu::always_inline]] void operator()(auto& p) const noexcept { p.deallocate(at, given); }
};
struct resize {
    void* at;
    layout given;
    std::size_t size;
    bool operator()(auto& p) const noexcept { return p.resize(at, given, size); }
};
struct allocate_batch {
    layout want;
    void** out;
    std::size_t n;
    std::size_t operator()(auto& p) const noexcept { return p.allocate_batch(want, out, n); }
};
struct deallocate_batch {
    void* const* in;
    std::size_t n;
    layout given;
    void operator()(auto& p) const noexcept { p.deallocate_batch(in, n, given); }
};
struct allocate_zeroed {
    layout want;
    void* operator()(auto& p) const noexcept { return p.allocate_zeroed(want); }
};
struct good_size {
    layout want;
    std::size_t operator()(auto& p) const noexcept { return p.good_size(want); }
};
struct usable_size {
    const void* at;
    std::size_t operator()(auto& p) const noexcept { return p.usable_size(at); }
};
struct owns {
    const void* at;
    bool operator()(auto& p) const noexcept { return p.owns(at); }
};
struct trim {
    std::size_t operator()(auto& p) const noexcept { return p.trim(); }
};
struct discard {
    void* at;
    std::size_t bytes;
    std::size_t operator()(auto& p) const noexcept { return p.discard(at, bytes); }
};
struct reset {
    void operator()(auto& p) const noexcept { p.reset(); }
};
struct mark {
    auto operator()(auto& p) const noexcept { return p.mark(); }
};
template <class Mark>
struct rewind {
    Mark to;
    void operator()(auto& p) const noexcept { p.rewind(to); }
};
template <class Visit>
struct inspect {
    Visit& visit;
    void operator()(auto& p) const noexcept { visit(p); }
};

} // namespace op

namespace detail {

/// What every user of a policy may call, through `Self::forward(operation)`.
template <class Self, policy P>
class forwarding {
public:
    static constexpr std::size_t max_align = P::max_align;
    static constexpr std::size_t max_size = max_size_v<P>;
    static constexpr bool thread_safe = thread_safe_v<P>;
    static constexpr bool single_threaded = single_threaded_v<P>;
    static constexpr bool zero_fresh = zero_fresh_v<P>;
    static constexpr bool migratory = migratory_v<P>;
    static constexpr bool keeps_origins = keeps_origins_v<P>;
    static constexpr guard_rank outermost_guard = outermost_guard_v<P>;
    using upstreams = policies<P>;

    [[nodiscard, gnu::always_inline]] void* allocate(layout want) const noexcept {
        return pass(op::allocate{want});
    }
    [[gnu::always_inline]] void deallocate(void* at, layout given) const noexcept {
        pass(op::deallocate{at, given});
    }

    [[nodiscard]] std::size_t good_size(layout want) const noexcept
        requires rounding_policy<P>
    {
        return pass(op::good_size{want});
    }
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) const noexcept
        requires resizing_policy<P>
    {
        return pass(op::resize{at, given, size});
    }
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) const noexcept
        requires batching_policy<P>
    {
        return pass(op::allocate_batch{want, out, n});
    }
    void deallocate_batch(void* const* in, std::size_t n, layout given) const noexcept
        requires batching_policy<P>
    {
        pass(op::deallocate_batch{in, n, given});
    }
    [[nodiscard]] void* allocate_zeroed(layout want) const noexcept
        requires zeroing_policy<P>
    {
        return pass(op::allocate_zeroed{want});
    }
    [[nodiscard]] std::size_t usable_size(const void* at) const noexcept
        requires measuring_policy<P>
    {
        return pass(op::usable_size{at});
    }
    std::size_t trim() const noexcept // NOLINT(modernize-use-nodiscard): called for its effect
        requires trimming_policy<P>
    {
        return pass(op::trim{});
    }
    std::size_t discard(void* at, std::size_t bytes) const noexcept // NOLINT(*-use-nodiscard)
        requires discarding_policy<P>
    {
        return pass(op::discard{at, bytes});
    }
    template <class Visit>
    void each_upstream(Visit visit) const noexcept {
        pass(op::inspect<Visit>{visit});
    }

protected:
    template <class Op>
    [[gnu::always_inline]] decltype(auto) pass(const Op& operation) const noexcept {
        return static_cast<const Self&>(*this).forward(operation);
    }
};

/// And what its owner may call besides.
template <class Self, policy P>
class owner_forwarding : public forwarding<Self, P> {
public:
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires owning_policy<P>
    {
        return this->pass(op::owns{at});
    }
    void reset() const noexcept
        requires resettable_policy<P>
    {
        this->pass(op::reset{});
    }
    [[nodiscard]] auto mark() const noexcept
        requires marking_policy<P>
    {
        return this->pass(op::mark{});
    }
    template <class Mark>
    void rewind(Mark to) const noexcept
        requires marking_policy<P>
    {
        this->pass(op::rewind<Mark>{to});
    }
};

} // namespace detail

} // namespace alloy::inline ALLOY_ABI
