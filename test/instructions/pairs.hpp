// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A block that comes and goes: what a caller pays, where the compiler knows the layout, but
/// neither which policy it asks nor what it left there last time.

#include <alloy/core/ability.hpp>

namespace alloy::test {

template <layout Block, policy P>
void pairs(P& of, long count) {
    P* from = &of;
    asm volatile("" : "+r"(from));
    for (; count > 0; --count) {
        void* const at = from->allocate(Block);
        asm volatile("" : : "r"(at) : "memory"); // the pair is not to be taken for nothing
        from->deallocate(at, Block);
        asm volatile("" : : : "memory");
    }
}

} // namespace alloy::test
