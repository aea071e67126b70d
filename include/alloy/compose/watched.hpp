// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::watched`: a policy whose requests a `no_alloc_scope` sees.
///
/// Choose it in tests, around the policy that code without allocations must leave alone. Outside a
/// scope a request costs the test of one thread-local word.

#include <alloy/core/around.hpp>
#include <alloy/core/no_alloc.hpp>
#include <alloy/source/new.hpp>

namespace alloy::inline ALLOY_ABI {

/// Reports whatever asks for memory: blocks, zeroed blocks, batches, and growth.
struct watching {
    template <class Op, class Proceed>
    decltype(auto) operator()(const Op& asked, const Proceed& proceed) const noexcept {
        if constexpr (requires { asked.out; }) {
            detail::note_request(asked.n * asked.want.size);
        } else if constexpr (requires { asked.want; }) {
            detail::note_request(asked.want.size);
        } else if constexpr (requires { asked.size; }) {
            if (asked.size > asked.given.size) { detail::note_request(asked.size); }
        }
        return proceed();
    }
};

/// `Upstream`, watched.
///
/// @threads As `Upstream`.
template <policy Upstream>
using watched = around<watching, Upstream>;

static_assert(policy<watched<new_source>> && thread_safe_v<watched<new_source>>);

} // namespace alloy::inline ALLOY_ABI
