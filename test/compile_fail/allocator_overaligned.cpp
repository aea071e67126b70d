// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::allocator: the policy cannot align T
#include <alloy/adapt/allocator.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
using list = alloy::freelist<alloy::layout{64, 64}>;
#else
using list = alloy::freelist<alloy::layout{64, 8}>;
#endif

struct alignas(64) line {
    char bytes[64];
};

line* take(list& from) { return alloy::allocator<line, alloy::ref<list>>{from}.allocate(1); }
