// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::vector: the policy cannot align T
#include <alloy/adapt/vector.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
using list = alloy::freelist<alloy::layout{64, 64}>;
#else
using list = alloy::freelist<alloy::layout{64, 8}>;
#endif

struct alignas(64) line {
    char bytes[64];
};

void push(alloy::vector<line, alloy::ref<list>>& lines) { lines.emplace_back(); }
