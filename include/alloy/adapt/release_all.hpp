// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::release_all`: containers that end with their arena, without being taken apart.
///
///     bulk [ map ] --> node --> node --> node      none of these is visited,
///     bulk [ vector ] --> "string", "string"       none of their destructors runs:
///                         '------ arena ------'    the arena forgets them all at once
///
/// A container in an arena is destroyed element by element, so that each can give back what the
/// arena will not take anyway. What only holds memory of the arena may be abandoned instead, and
/// whether that is so is checked: elements by their type, and the arena as it is reset.
///
/// Choose it for large, linked or nested data that is built, used and dropped as a whole.
/// Avoid it for a few blocks: then destructors cost nothing worth a second look.

#include <alloy/core/ability.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/type_name.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

namespace detail {

[[nodiscard]] auto handle_in(const auto& container) noexcept
    requires requires { container.get_allocator().handle(); }
{
    return container.get_allocator().handle();
}
[[nodiscard]] auto handle_in(const auto& container) noexcept
    requires requires { container.handle(); }
{
    return container.handle();
}

/// A container that takes its memory from some `Arena`.
template <class Container, class Arena>
concept lives_in = requires(const Container& container) {
    typename Container::value_type;
    { detail::handle_in(container) } -> std::same_as<ref<Arena>>;
};

/// One whose allocator does nothing when it ends: no adaptor that holds others.
template <class Container>
inline constexpr bool ends_its_allocator_unseen = [] {
    if constexpr (requires(const Container& container) { container.get_allocator(); }) {
        return std::is_trivially_destructible_v<typename Container::allocator_type>;
    }
    return true;
}();

/// True for an instance of a class template. A class that derives from a container is none, and
/// its destructor is its own.
template <class T>
inline constexpr bool is_instance = type_name<T>.ends_with('>');

} // namespace detail

/// True if a `T` may be abandoned when `Arena` is reset: it is trivially destructible, or a
/// container over a ref to such an arena of what may be abandoned in turn. Any class template with
/// a value_type and such an allocator is taken for a container. Specialise it for a class whose
/// destructor does nothing but end members of that kind, and for a template whose does more.
template <class T, class Arena>
struct ends_with : std::is_trivially_destructible<T> {};

template <class T, class Arena>
inline constexpr bool ends_with_v = ends_with<T, Arena>::value;

template <class T, class Arena>
struct ends_with<const T, Arena> : ends_with<T, Arena> {};
template <class T, std::size_t N, class Arena>
struct ends_with<std::array<T, N>, Arena> : ends_with<T, Arena> {};
template <class First, class Second, class Arena>
struct ends_with<std::pair<First, Second>, Arena>
    : std::bool_constant<ends_with_v<First, Arena> && ends_with_v<Second, Arena>> {};
template <class... Ts, class Arena>
struct ends_with<std::tuple<Ts...>, Arena> : std::bool_constant<(ends_with_v<Ts, Arena> && ...)> {};

template <class T, class Arena>
    requires detail::lives_in<T, Arena> && detail::is_instance<T>
struct ends_with<T, Arena> : std::bool_constant<[] {
    bool all = ends_with_v<typename T::value_type, Arena> && detail::ends_its_allocator_unseen<T>;
    if constexpr (requires { typename T::key_compare; }) {
        all = all && ends_with_v<typename T::key_compare, Arena>;
    }
    if constexpr (requires { typename T::hasher; }) {
        all = all && ends_with_v<typename T::hasher, Arena> &&
              ends_with_v<typename T::key_equal, Arena>;
    }
    return all;
}()> {};

/// Holds a container that release_all() may abandon; else destroys it, as any variable would be.
/// @threads As its container.
template <class Container>
class bulk {
public:
    /// Builds the container from `args`, its allocator among them.
    template <class... Args>
        requires std::constructible_from<Container, Args...>
    explicit bulk(Args&&... args) : container_(std::forward<Args>(args)...) {}

    bulk(const bulk&) = delete;
    bulk& operator=(const bulk&) = delete;
    ~bulk() { destroy(); }

    /// Builds a new container, after it has destroyed the old one; if that throws, there is none.
    template <class... Args>
        requires std::constructible_from<Container, Args...>
    Container& emplace(Args&&... args) {
        destroy();
        std::construct_at(std::addressof(container_), std::forward<Args>(args)...);
        built_ = true;
        return container_;
    }

    /// False after release_all(), until emplace().
    [[nodiscard]] explicit operator bool() const noexcept { return built_; }

    [[nodiscard]] Container& operator*() noexcept {
        ALLOY_ASSERT(built_);
        return container_;
    }
    [[nodiscard]] const Container& operator*() const noexcept {
        ALLOY_ASSERT(built_);
        return container_;
    }
    [[nodiscard]] Container* operator->() noexcept { return std::addressof(**this); }
    [[nodiscard]] const Container* operator->() const noexcept { return std::addressof(**this); }

private:
    template <resettable_policy Arena, class... Containers>
    friend void release_all(Arena& arena, bulk<Containers>&... all) noexcept;

    void destroy() noexcept {
        if (std::exchange(built_, false)) { std::destroy_at(std::addressof(container_)); }
    }

    union {
        Container container_;
    };
    bool built_ = true;
};

/// Abandons the containers and resets their arena: no destructor of theirs or of an element runs.
///
/// Iterators end before: in debug modes even a stale one refers to its container.
/// @pre Every container of the arena is among `all`, or is not used again, its destructor included.
/// @complexity O(containers), and as the arena's reset: the elements are not visited.
/// @threads As the arena.
template <resettable_policy Arena, class... Containers>
void release_all(Arena& arena, bulk<Containers>&... all) noexcept {
    static_assert((detail::lives_in<Containers, Arena> && ...),
                  "alloy::release_all: a container's allocator is not over alloy::ref to such an "
                  "arena");
    static_assert((ends_with_v<Containers, Arena> && ...),
                  "alloy::release_all: an element's destructor would be missed, or that of a class "
                  "derived from a container; if it does nothing but return memory to the arena, "
                  "specialise alloy::ends_with");
    ALLOY_ASSERT(((!all || detail::handle_in(*all) == ref<Arena>(arena)) && ...));
    ((all.built_ = false), ...);
    arena.reset();
}

} // namespace alloy::inline ALLOY_ABI
