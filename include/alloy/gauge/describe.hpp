// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::describe`: what a composition is, as a tree.
///
///     locking: 216 bytes; aligns to 2^63; for all threads; rounds, resizes, trims, locks
///       pool16: 176 bytes; aligns to 2^63; rounds, resizes, trims, accounts
///         new_source: no state; aligns to 2^63; for all threads; any instance serves
///
/// Nothing of it is run: all is known from the type.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/around.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/type_name.hpp>

#include <bit>
#include <cstddef>
#include <string>
#include <string_view>

namespace alloy::inline ALLOY_ABI {

namespace detail {

template <policy P>
void describe_one(std::string& text) {
    text += layer_name<P>;
    text += stateless_policy<P> ? ": no state" : ": " + std::to_string(sizeof(P)) + " bytes";
    text += "; aligns to 2^" + std::to_string(std::countr_zero(std::size_t{P::max_align}));
    if constexpr (requires { layout{P::node}; }) {
        text += "; nodes of " + std::to_string(P::node.size) + " bytes";
    }
    if (max_size_v<P> < any_size) { text += "; to " + std::to_string(max_size_v<P>) + " bytes"; }
    const auto fact = [&](bool holds, std::string_view says) {
        if (holds) { text.append("; ").append(says); }
    };
    fact(thread_safe_v<P>, "for all threads");
    fact(single_threaded_v<P>, "for one thread");
    fact(zero_fresh_v<P>, "zeroed");
    fact(migratory_v<P>, "any instance serves");
    std::string_view before = "; ";
    const auto ability = [&](bool has, std::string_view says) {
        if (!has) { return; }
        text.append(before).append(says);
        before = ", ";
    };
    ability(rounding_policy<P>, "rounds");
    ability(resizing_policy<P>, "resizes");
    ability(batching_policy<P>, "batches");
    ability(zeroing_policy<P>, "zeroes");
    ability(measuring_policy<P>, "measures");
    ability(owning_policy<P>, "owns");
    ability(trimming_policy<P>, "trims");
    ability(discarding_policy<P>, "discards");
    ability(resettable_policy<P>, "resets");
    ability(marking_policy<P>, "marks");
    ability(lockable_policy<P>, "locks");
    ability(accounting_policy<P>, "accounts");
    text += '\n';
}

template <policy P>
void describe_below(std::string& text, std::size_t depth);
template <policy... P>
void describe_each(std::string& text, std::size_t depth, policies<P...> /*upstreams*/) {
    (describe_below<P>(text, depth), ...);
}
template <policy P>
void describe_below(std::string& text, std::size_t depth) {
    text.append(2 * depth, ' ');
    describe_one<P>(text);
    if constexpr (composed_policy<P>) { describe_each(text, depth + 1, typename P::upstreams{}); }
}

} // namespace detail

/// A line for each policy in `P`, each followed by its upstreams, further in.
/// @throws std::bad_alloc.
template <policy P>
[[nodiscard]] std::string describe() {
    std::string text;
    detail::describe_below<P>(text, 0);
    return text;
}

} // namespace alloy::inline ALLOY_ABI
