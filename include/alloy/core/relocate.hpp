// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::relocate`: objects go to another place, and nothing is left behind.
///
///     first  [ a | b | c ]           [ ~ | ~ | ~ ]    ended, their memory is raw again
///                           ----->
///     to     [ ~ | ~ | ~ ]           [ a | b | c ]    as if built there
///
/// To relocate is to move-construct there and to destroy here, in one. For most types the two
/// cancel out to a copy of the bytes; a compiler can prove that of few, so the others tell.

#include <alloy/core/config.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// True if relocating a `T` is copying its bytes: it holds no address of its own parts, and nobody
/// else holds one. So for what is trivially copyable, and for what says so by a member
///
///     using trivially_relocatable = std::true_type;
///
/// (which derived classes inherit: they answer anew), or by a specialisation of this.
/// @source A. O'Dwyer, WG21 P1144: that the trait follows trivial copyability, and that the author
///         of a type warrants it. C++20 does not bless the copy; compilers do not object.
template <class T>
struct trivially_relocatable : std::is_trivially_copyable<T> {};

template <class T>
    requires requires { bool{T::trivially_relocatable::value}; }
struct trivially_relocatable<T> : std::bool_constant<T::trivially_relocatable::value> {};

template <class T>
inline constexpr bool trivially_relocatable_v = trivially_relocatable<T>::value;

// Of the standard's, those whose parts are known; a string may point into itself.
template <class T, class Deleter>
struct trivially_relocatable<std::unique_ptr<T, Deleter>>
    : std::bool_constant<trivially_relocatable_v<typename std::unique_ptr<T, Deleter>::pointer> &&
                         trivially_relocatable_v<Deleter>> {};
template <class T>
struct trivially_relocatable<std::shared_ptr<T>> : std::true_type {};
template <class T>
struct trivially_relocatable<std::weak_ptr<T>> : std::true_type {};
template <class T, std::size_t N>
struct trivially_relocatable<std::array<T, N>> : trivially_relocatable<T> {};
template <class First, class Second>
struct trivially_relocatable<std::pair<First, Second>>
    : std::bool_constant<trivially_relocatable_v<First> && trivially_relocatable_v<Second>> {};
template <class... Ts>
struct trivially_relocatable<std::tuple<Ts...>>
    : std::bool_constant<(trivially_relocatable_v<Ts> && ...)> {};

/// Relocates `n` objects from `first` to raw memory at `to`.
///
/// Where the bytes will not do, objects are moved if that cannot throw or they cannot be copied,
/// and else copied. So if a copy throws, all is as before; if a throwing move does, the objects at
/// `first` are live but may be moved from.
/// @pre The ranges do not overlap, unless `T` is trivially relocatable.
/// @complexity O(n).
/// @source M. Gill, A. Meredith et al., WG21 P2786: that moving and ending are one, so that neither
///         assignment nor swap has a say, and that trivial ranges may overlap.
template <class T>
void relocate(T* first, std::size_t n, T* to) noexcept(trivially_relocatable_v<T> ||
                                                       std::is_nothrow_move_constructible_v<T>) {
    if constexpr (trivially_relocatable_v<T>) {
        if (n != 0) { // or `first` may be null
            std::memmove(static_cast<void*>(to), static_cast<const void*>(first), n * sizeof(T));
        }
    } else {
        if constexpr (std::is_nothrow_move_constructible_v<T> || !std::is_copy_constructible_v<T>) {
            std::uninitialized_move_n(first, n, to);
        } else {
            std::uninitialized_copy_n(first, n, to);
        }
        std::destroy_n(first, n);
    }
}

} // namespace alloy::inline ALLOY_ABI
