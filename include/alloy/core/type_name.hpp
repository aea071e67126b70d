// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::type_name`: the name of a type, near enough to what the program calls it.
///
///     alloy::v0::wiped<alloy::v0::pool16<> >   -->   wiped<pool16<>>
///
/// It is made by the compiler, without RTTI, and differs a little from one to the next.

#include <alloy/core/config.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// What this compiler calls `T`.
template <class T>
consteval std::string_view full_name() {
    const std::string_view all = __PRETTY_FUNCTION__;
    const std::size_t from = all.find("T = ") + 4;
    const std::size_t alias = all.find("; std::string_view", from); // GCC explains itself
    return all.substr(from, (alias == std::string_view::npos ? all.size() - 1 : alias) - from);
}

/// True for what an identifier may have in it.
constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The characters of a name that tell a reader something.
template <class T>
struct readable_name {
    std::array<char, full_name<T>().size()> letters{};
    std::size_t size = 0;
    std::size_t stem = 0; // letters in front of the template arguments

    consteval readable_name() {
        constexpr std::array<std::string_view, 6> dropped{
            "alloy::", "v0::", "v0_asan::", "detail::", "{anonymous}::", "(anonymous namespace)::"};
        for (std::string_view left = full_name<T>(); !left.empty();) {
            std::size_t skip = left.starts_with(" >") ? 1 : 0;
            const bool inside = size > 0 && is_letter(letters[size - 1]);
            for (const std::string_view each : dropped) {
                if (!inside && left.starts_with(each)) { skip = each.size(); }
            }
            if (skip == 0) {
                letters[size++] = left.front();
                skip = 1;
            }
            left.remove_prefix(skip);
        }
        while (stem < size && letters[stem] != '<') { ++stem; }
    }
};
template <class T>
inline constexpr readable_name<T> name_letters{};

} // namespace detail

/// What to call `T` in a message.
template <class T>
inline constexpr std::string_view type_name{detail::name_letters<T>.letters.data(),
                                            detail::name_letters<T>.size};

/// The same without template arguments.
template <class T>
inline constexpr std::string_view template_name{detail::name_letters<T>.letters.data(),
                                                detail::name_letters<T>.stem};

} // namespace alloy::inline ALLOY_ABI
