// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What a policy, and all below it, has taken and not given back.

#include <alloy/core/account.hpp>

#include <cstddef>
#include <type_traits>

namespace alloy::test {

/// Bytes in `place` and below it, tables aside included.
template <class P>
std::size_t held_in(P&& place) {
    std::size_t bytes = 0;
    if constexpr (accounting_policy<std::remove_cvref_t<P>>) {
        const byte_account own = place.account();
        bytes += own.taken + own.aside;
    }
    if constexpr (requires { place.each_upstream([](auto&&) {}); }) {
        place.each_upstream([&](auto&& each) { bytes += held_in(each); });
    }
    return bytes;
}

} // namespace alloy::test
