// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::make_unique: the policy cannot align T
#include <alloy/adapt/owner.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
using list = alloy::freelist<alloy::layout{64, 64}>;
#else
using list = alloy::freelist<alloy::layout{64, 8}>;
#endif

struct alignas(64) line {
    char bytes[64];
};

auto make(list& from) { return alloy::make_unique<line>(alloy::ref{from}); }
