// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::pooled`: operator new and delete of a class, from a policy.
///
///     class particle : public alloy::pooled<particle, Policy> { ... };
///
///     new particle    --> operator new(size)        --> Policy
///     delete particle --> operator delete(at, size) --> Policy
///
/// The compiler tells both operators the size, and an object's alignment divides it, so that
/// nothing is stored with an object. What derives from the class is served in the same way.
///
/// Choose it for a class that is made by `new` in many places. Avoid it where a handle has state,
/// or one owner makes the objects: a deleter or an allocator asks nothing of the class.
///
/// A class that can have no base calls these operators in its own, a line each. A class with two
/// pooled bases says which holds: `using a::operator new; using a::operator delete;`, and the
/// same for `new[]` and `delete[]`.

#include <alloy/core/ability.hpp>
#include <alloy/core/exact.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/origin.hpp>

#include <algorithm>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Serves every form of `new Class`, and of what derives from it, with blocks of `Policy`.
///
/// Nothrow forms need a `measuring_policy`, such as measured<P>, and so does an over-aligned class
/// that derives from a `Class` which is not: where a constructor throws under them, compilers give
/// the block back without saying its size.
///
/// @tparam Class  Who derives from this.
/// @tparam Policy A stateless handle, or a bare policy, which then means global<Policy>.
/// @throws std::bad_alloc if the policy has no memory; nothrow forms return null instead.
/// @threads As the policy.
template <class Class, policy Policy>
class pooled {
    using handle_type = handle_for<Policy>;
    static_assert(stateless_policy<handle_type>,
                  "alloy::pooled: nobody hands a handle to operator delete: use alloy::global");

    static constexpr bool measures = measuring_policy<handle_type>;
    static constexpr std::size_t usual_align = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

    // The delete that takes it is chosen for over-aligned classes, or nobody can call it.
    enum class never : std::size_t {};
    using align_if_measured = std::conditional_t<measures, std::align_val_t, never>;

    static constexpr bool over_aligned() noexcept { return alignof(Class) > usual_align; }

public:
    // A compiler that finds these in two bases quotes the lines; each ends with its cure.
    static void* operator new(std::size_t n) { // using a::operator new;
        return take(sized(n));
    }
    static void* operator new[](std::size_t n) { // using a::operator new[];
        return take(sized(n));
    }
    static void operator delete(void* at, std::size_t n) noexcept { // using a::operator delete;
        give(at, sized(n));
    }
    static void operator delete[](void* at, std::size_t n) noexcept { // using a::operator delete[];
        give(at, sized(n));
    }

    static void* operator new(std::size_t n, std::align_val_t align)
        requires(measures || !over_aligned())
    {
        return take(unsized(n, align));
    }
    static void* operator new[](std::size_t n, std::align_val_t align)
        requires(measures || !over_aligned())
    {
        return take(unsized(n, align));
    }
    static void operator delete(void* at, align_if_measured align) noexcept {
        give_unsized(at, align);
    }
    static void operator delete[](void* at, align_if_measured align) noexcept {
        give_unsized(at, align);
    }

    static void* operator new(std::size_t n, const std::nothrow_t& /*tag*/) noexcept {
        return try_take(unsized(n));
    }
    static void* operator new[](std::size_t n, const std::nothrow_t& /*tag*/) noexcept {
        return try_take(unsized(n));
    }
    static void operator delete(void* at, const std::nothrow_t& /*tag*/) noexcept {
        give_unsized(at);
    }
    static void operator delete[](void* at, const std::nothrow_t& /*tag*/) noexcept {
        give_unsized(at);
    }

    static void* operator new(std::size_t n, std::align_val_t align,
                              const std::nothrow_t& /*tag*/) noexcept {
        return try_take(unsized(n, align));
    }
    static void* operator new[](std::size_t n, std::align_val_t align,
                                const std::nothrow_t& /*tag*/) noexcept {
        return try_take(unsized(n, align));
    }
    static void operator delete(void* at, std::align_val_t align,
                                const std::nothrow_t& /*tag*/) noexcept {
        give_unsized(at, align);
    }
    static void operator delete[](void* at, std::align_val_t align,
                                  const std::nothrow_t& /*tag*/) noexcept {
        give_unsized(at, align);
    }

    static void* operator new(std::size_t /*n*/, void* at) noexcept { return at; }
    static void* operator new[](std::size_t /*n*/, void* at) noexcept { return at; }
    static void operator delete(void* /*at*/, void* /*place*/) noexcept {}
    static void operator delete[](void* /*at*/, void* /*place*/) noexcept {}

private:
    /// What an object of `n` bytes needs at most; the same on the way back.
    static constexpr layout sized(std::size_t n) noexcept {
        constexpr std::size_t most = over_aligned() ? handle_type::max_align : usual_align;
        const std::size_t size = std::max(n, std::size_t{1});
        const std::size_t align = measures ? usual_align : detail::lowest_bit(size);
        return {size, std::max(alignof(Class), std::min(align, most))};
    }

    static layout unsized(std::size_t n,
                          std::align_val_t align = std::align_val_t{usual_align}) noexcept {
        static_assert(measures, "alloy::pooled: where a constructor throws, this form of new is "
                                "released without a size: wrap the policy in alloy::measured");
        return {std::max(n, std::size_t{1}), static_cast<std::size_t>(align)};
    }

    static void* take(layout want) {
        static_assert(sized(sizeof(Class)).align <= handle_type::max_align,
                      "alloy::pooled: the policy cannot align Class");
        const handle_type source{};
        [[maybe_unused]] const detail::asking<Class, keeps_origins_v<handle_type>> asks;
        return detail::take(source, want);
    }
    static void* try_take(layout want) noexcept {
        const handle_type source{};
        [[maybe_unused]] const detail::asking<Class, keeps_origins_v<handle_type>> asks;
        return detail::try_take(source, want);
    }
    static void give(void* at, layout given) noexcept {
        if (at == nullptr) { return; } // as a delete of null may come here
        const handle_type source{};
        detail::give_back(source, at, given);
    }
    static void give_unsized(void* at,
                             std::align_val_t align = std::align_val_t{usual_align}) noexcept {
        if (at == nullptr) { return; }
        const handle_type source{};
        const layout given = unsized(source.usable_size(at), align);
        detail::unpoison_slack(source, at, given, 0); // all of it: who knows where the slack began
        source.deallocate(at, given);
    }
};

/// A `Class` that is pooled, where that itself cannot be changed: an aggregate, a class of another
/// library, one for each policy. Constructed as a `Class` is, or from one.
template <class Class, policy Policy>
class pooled_as : public Class, public pooled<pooled_as<Class, Policy>, Policy> {
    using operators = pooled<pooled_as, Policy>;

public:
    using Class::Class;
    pooled_as() = default;
    constexpr pooled_as(Class value) : Class(std::move(value)) {}
    template <class... Args>
        requires std::is_aggregate_v<Class> &&
                 (sizeof...(Args) > 1 || (!std::convertible_to<Args, Class> && ...)) &&
                 requires { Class{std::declval<Args>()...}; }
    constexpr explicit(sizeof...(Args) < 2) pooled_as(Args&&... parts)
        : Class{std::forward<Args>(parts)...} {}

    using operators::operator new;
    using operators::operator new[];
    using operators::operator delete;
    using operators::operator delete[];
};

} // namespace alloy::inline ALLOY_ABI
