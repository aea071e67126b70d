// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::stamped_block`: a live block that shows if somebody else wrote to it.

#include "soak.hpp"

#include <alloy/check/churn.hpp>
#include <alloy/core/layout.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace alloy::test {

/// What is known of a block, or of none.
struct stamped_block {
    unsigned char* at = nullptr;
    layout want{0, 1};
    std::size_t size = 0; ///< Usable: good_size.
    unsigned char stamp = 0;

    void fill() const { std::memset(at, stamp, size); }

    /// Small blocks are looked at whole, large ones at both ends and at some places between.
    [[nodiscard]] bool holds(std::size_t bytes) const {
        constexpr std::size_t whole = 256;
        if (!detail::all_are(at, std::min(bytes, whole), stamp)) { return false; }
        if (bytes <= whole) { return true; }
        for (std::size_t i = whole; i < bytes; i += 61) {
            if (at[i] != stamp) { return false; }
        }
        return detail::all_are(at + bytes - whole / 2, whole / 2, stamp);
    }

    /// Any layout that the block may come back with.
    [[nodiscard]] layout legal(dice& random) const {
        return {want.size + random.below(size - want.size + 1), want.align};
    }
};

} // namespace alloy::test
