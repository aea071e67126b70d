// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::conforms`: what the type of an allocator or policy must say, a sentence a rule.
///
///     static_assert(alloy::must_conform<my_allocator<int>>()); // an error for each broken rule
///
/// Each rule is written once. It is a static_assert for who wants the reason from the compiler, and
/// a name for who asks which one is broken.

#include <alloy/core/ability.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// What an allocator is rebound to: a type that no user's allocator is specialised for.
struct stranger {
    void* words[3]; // NOLINT(*-avoid-c-arrays)
};

/// An allocator without a rebind of its own has one if all of its template arguments are types.
template <class A>
inline constexpr bool takes_types = false;
template <template <class...> class X, class... Args>
inline constexpr bool takes_types<X<Args...>> = sizeof...(Args) > 0;

template <class A>
concept rebindable = takes_types<A> || requires { typename A::template rebind<stranger>::other; };

/// An element that can only be moved.
struct only_moves {
    only_moves() = default;
    only_moves(only_moves&&) = default;
    only_moves& operator=(only_moves&&) = default;
};

template <class Bool>
concept says_true_or_false =
    requires { Bool::value; } && std::derived_from<Bool, std::bool_constant<bool(Bool::value)>>;

/// A trait of propagation, where what it asks for is `Nothrow`.
template <class Bool, bool Nothrow>
concept propagation = says_true_or_false<Bool> && (!Bool::value || Nothrow);

/// One rule. Where `Strict`, a broken one does not compile; else it is told to `broken`.
#define ALLOY_RULE(law, message, ...)                                                              \
    static_assert(!Strict || (__VA_ARGS__), "alloy::conforms: " law ": " message);                 \
    if (const bool kept = (__VA_ARGS__); !kept) { broken(law, message); }                          \
    static_assert(true)

template <bool Strict, class A, class Broken>
constexpr void allocator_rules(Broken broken) {
    using traits = std::allocator_traits<A>;
    using value = typename A::value_type;
    ALLOY_RULE("value", "value_type is cv-qualified; allocate T, and let the container add const",
               std::is_same_v<value, std::remove_cv_t<value>>);
    ALLOY_RULE("rebind",
               "there is no allocator of another type; declare `template <class U> struct "
               "rebind { using other = X<U>; };` if a template argument is no type",
               rebindable<A>);
    if constexpr (rebindable<A>) {
        using other = typename traits::template rebind_alloc<stranger>;
        using back = typename std::allocator_traits<other>::template rebind_alloc<value>;
        ALLOY_RULE("rebind back", "rebinding to another type and back is not the same allocator",
                   std::is_same_v<typename other::value_type, stranger> && std::is_same_v<back, A>);
        ALLOY_RULE("conversion",
                   "construction from the allocator of another type is missing or "
                   "may throw; declare `template <class U> X(const X<U>&) noexcept`",
                   std::is_nothrow_constructible_v<other, const A&>);
        ALLOY_RULE("implicit conversion", "construction from another type's allocator is explicit",
                   std::is_convertible_v<const A&, other>);
        ALLOY_RULE(
            "cross equality",
            "allocators of two types must compare by a const, noexcept "
            "== and != that say whether each may free what the other took",
            requires(const A& a, const other& b) {
                { a == b } noexcept -> std::same_as<bool>;
                { a != b } noexcept -> std::same_as<bool>;
                { b == a } noexcept -> std::same_as<bool>;
            });
    }
    ALLOY_RULE(
        "equality", "== and != must be const, noexcept, and bool", requires(const A& a) {
            { a == a } noexcept -> std::same_as<bool>;
            { a != a } noexcept -> std::same_as<bool>;
        });
    ALLOY_RULE("copy", "copies must be noexcept", std::is_nothrow_copy_constructible_v<A>);
    ALLOY_RULE("move", "moves must be noexcept, and leave the source as it was",
               std::is_nothrow_move_constructible_v<A>);
    ALLOY_RULE("destructor", "destruction must be noexcept", std::is_nothrow_destructible_v<A>);
    ALLOY_RULE(
        "default constructor", "it is explicit, so that `X a = {};` does not compile",
        !std::default_initializable<A> || requires(void (&take)(A)) { take({}); });
    ALLOY_RULE("numbers", "a number converts to the allocator: a container's `v(5)` may mean it",
               !std::is_convertible_v<int, A> && !std::is_convertible_v<std::size_t, A>);
    ALLOY_RULE(
        "allocate", "allocate(n) must return pointer",
        requires(A& a, typename traits::size_type n) {
            { a.allocate(n) } -> std::same_as<typename traits::pointer>;
        });
    ALLOY_RULE(
        "deallocate", "deallocate(p, n) must take what allocate(n) returned",
        requires(A& a, typename traits::pointer at, typename traits::size_type n) {
            a.deallocate(at, n);
        });
    ALLOY_RULE("size_type", "size_type must be unsigned, and difference_type signed",
               std::unsigned_integral<typename traits::size_type> &&
                   std::signed_integral<typename traits::difference_type>);
    ALLOY_RULE("is_always_equal", "it must be, or derive from, std::true_type or std::false_type",
               says_true_or_false<typename traits::is_always_equal>);
    using on_copy = typename traits::propagate_on_container_copy_assignment;
    ALLOY_RULE("copy assignment",
               "propagate_on_container_copy_assignment must be, or derive from, std::true_type or "
               "std::false_type; where true, copy assignment must be noexcept",
               propagation<on_copy, std::is_nothrow_copy_assignable_v<A>>);
    using on_move = typename traits::propagate_on_container_move_assignment;
    ALLOY_RULE("move assignment",
               "propagate_on_container_move_assignment must be, or derive from, std::true_type or "
               "std::false_type; where true, move assignment must be noexcept",
               propagation<on_move, std::is_nothrow_move_assignable_v<A>>);
    using on_swap = typename traits::propagate_on_container_swap;
    ALLOY_RULE("swap",
               "propagate_on_container_swap must be, or derive from, std::true_type or "
               "std::false_type; where true, swap must be noexcept",
               propagation<on_swap, std::is_nothrow_swappable_v<A>>);
    if constexpr (requires(const A& a) { a.select_on_container_copy_construction(); }) {
        ALLOY_RULE(
            "select", "select_on_container_copy_construction must return the allocator",
            requires(const A& a) {
                { a.select_on_container_copy_construction() } -> std::same_as<A>;
            });
    }
    if constexpr (requires(A& a) { a.max_size(); }) {
        ALLOY_RULE(
            "max_size", "max_size() must be const, noexcept, and return size_type",
            requires(const A& a) {
                { a.max_size() } noexcept -> std::same_as<typename traits::size_type>;
            });
    }
    if constexpr (requires(A& a) { a.allocate_at_least(1); }) {
        ALLOY_RULE(
            "at_least", "allocate_at_least(n) must return a `ptr` and a `count`",
            requires(A& a, typename traits::pointer at, typename traits::size_type n) {
                at = a.allocate_at_least(1).ptr;
                n = a.allocate_at_least(1).count;
            });
    }
    if constexpr (requires(A& a, value* at) { a.construct(at); }) {
        ALLOY_RULE(
            "construct",
            "construct() must forward what it is given, rvalues too; better "
            "leave it out",
            requires(A& a, only_moves* at, only_moves&& from) {
                a.construct(at, std::move(from));
            });
    }
}

template <bool Strict, class P, class Broken>
constexpr void policy_rules(Broken broken) {
    ALLOY_RULE(
        "max_align", "declare `static constexpr std::size_t max_align`, a power of two",
        requires { requires std::has_single_bit(std::size_t{P::max_align}); });
    ALLOY_RULE(
        "allocate", "allocate(layout) must be noexcept and return void*",
        requires(P& p, layout want) {
            { p.allocate(want) } noexcept -> std::same_as<void*>;
        });
    ALLOY_RULE(
        "deallocate", "deallocate(void*, layout) must be noexcept and return nothing",
        requires(P& p, void* at, layout given) {
            { p.deallocate(at, given) } noexcept -> std::same_as<void>;
        });
    ALLOY_RULE("destructor", "destruction must be noexcept", std::destructible<P>);
    if constexpr (policy<P>) { // what is almost an ability would silently be none
        ALLOY_RULE(
            "good_size", "good_size(layout) must be const, noexcept, and std::size_t",
            rounding_policy<P> || !requires(P& p, layout want) { p.good_size(want); });
        ALLOY_RULE(
            "owns", "owns(const void*) must be const, noexcept, and bool",
            owning_policy<P> || !requires(P& p, void* at) { p.owns(at); });
        ALLOY_RULE(
            "resize", "resize(void*, layout, std::size_t) must be noexcept and bool",
            resizing_policy<P> || !requires(P& p, void* at) { p.resize(at, {1, 1}, 1); });
        ALLOY_RULE(
            "batch",
            "allocate_batch(layout, void**, std::size_t), which returns std::size_t, and "
            "deallocate_batch(void* const*, std::size_t, layout) must both be there, noexcept",
            batching_policy<P> ||
                !(
                    requires(P& p, void** out) { p.allocate_batch({1, 1}, out, 1); } ||
                    requires(P& p, void** in) { p.deallocate_batch(in, 1, {1, 1}); }));
        ALLOY_RULE(
            "zeroed", "allocate_zeroed(layout) must be noexcept and return void*",
            zeroing_policy<P> || !requires(P& p) { p.allocate_zeroed({1, 1}); });
        ALLOY_RULE(
            "reset", "reset() must be noexcept and return nothing",
            resettable_policy<P> || !requires(P& p) { p.reset(); });
        ALLOY_RULE(
            "rewind", "mark() and rewind(mark) must both be there and noexcept",
            marking_policy<P> || !requires(P& p) { p.mark(); });
        ALLOY_RULE(
            "usable_size", "usable_size(const void*) must be const, noexcept, std::size_t",
            measuring_policy<P> || !requires(P& p, void* at) { p.usable_size(at); });
        ALLOY_RULE(
            "trim", "trim() must be noexcept and return the bytes as std::size_t",
            trimming_policy<P> || !requires(P& p) { p.trim(); });
        ALLOY_RULE(
            "discard", "discard(void*, std::size_t) must be noexcept and return std::size_t",
            discarding_policy<P> || !requires(P& p, void* at) { p.discard(at, 1); });
    }
}

#undef ALLOY_RULE

template <bool Strict, class X, class Broken>
constexpr void type_rules(Broken broken) {
    if constexpr (requires { typename X::value_type; }) {
        allocator_rules<Strict, X>(broken);
    } else {
        policy_rules<Strict, X>(broken);
    }
}

} // namespace detail

/// The name of the first rule that the type of an allocator or policy breaks; empty for none.
template <class X>
[[nodiscard]] constexpr std::string_view broken_rule() noexcept {
    std::string_view first;
    detail::type_rules<false, X>([&](const char* law, const char* /*message*/) {
        if (first.empty()) { first = law; }
    });
    return first;
}

/// True if the type of an allocator or policy keeps every rule. What it does is another question,
/// and check_conformance() asks it.
template <class X>
concept conforms = broken_rule<X>().empty();

/// @return True. Does not compile, and says why, for a type that breaks a rule.
template <class X>
[[nodiscard]] consteval bool must_conform() noexcept {
    detail::type_rules<true, X>([](const char* /*law*/, const char* /*message*/) {});
    return true;
}

} // namespace alloy::inline ALLOY_ABI
