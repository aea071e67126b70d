// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::null_source`: no blocks at all.
///
/// Choose it as the end of a composition that must never ask the system: what does not fit is null.

#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/policy.hpp>

namespace alloy::inline ALLOY_ABI {

/// Refuses every request.
///
/// @threads Safe.
struct null_source {
    static constexpr std::size_t max_align = any_align;
    static constexpr std::size_t max_size = 0;
    static constexpr bool thread_safe = true;
    static constexpr bool migratory = true;

    /// @return Null.
    [[nodiscard]] static constexpr void* allocate(layout /*want*/) noexcept { return nullptr; }

    /// @pre Never called: there is nothing to release.
    static void deallocate([[maybe_unused]] void* at, layout /*given*/) noexcept {
        ALLOY_ASSERT(at == nullptr);
    }

    /// No block is its own.
    [[nodiscard]] static constexpr bool owns(const void* /*at*/) noexcept { return false; }

    /// There is nothing to account for.
    [[nodiscard]] static constexpr byte_account account() noexcept { return {}; }

    friend constexpr bool operator==(null_source, null_source) noexcept = default;
};

static_assert(stateless_policy<null_source>);

} // namespace alloy::inline ALLOY_ABI
