// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A block that comes and goes, all in one function, so that no compiler decides what a pair
/// costs by what it inlines.

#include <alloy/core/ability.hpp>

namespace alloy::test {

template <layout Block, policy P>
[[gnu::noipa, gnu::flatten]] void pairs(P& from, long count) {
    for (; count > 0; --count) {
        void* const at = from.allocate(Block);
        asm volatile("" : : "r"(at) : "memory"); // the pair is not to be taken for nothing
        from.deallocate(at, Block);
    }
}

} // namespace alloy::test
