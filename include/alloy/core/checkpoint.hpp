// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::checkpoint`: what is allocated in a scope ends with the scope.

#include <alloy/core/ability.hpp>

#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Marks `P` now and rewinds it when the scope ends; checkpoints nest.
///
/// @pre Blocks allocated since are not used after the scope, and older ones are neither released
/// nor resized in it.
/// @complexity As mark() and rewind(). @threads As `P`.
template <marking_policy P>
class [[nodiscard]] checkpoint {
public:
    explicit checkpoint(P& target) noexcept : target_(&target), mark_(target.mark()) {}

    checkpoint(const checkpoint&) = delete;
    checkpoint& operator=(const checkpoint&) = delete;
    ~checkpoint() { target_->rewind(mark_); }

private:
    P* target_;
    decltype(std::declval<P&>().mark()) mark_;
};

} // namespace alloy::inline ALLOY_ABI
