// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::object_pool: the policy cannot align T
#include <alloy/adapt/object_pool.hpp>
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
using list = alloy::freelist<alloy::layout{8192, 64}>;
#else
using list = alloy::freelist<alloy::layout{8192, 8}>;
#endif

struct alignas(64) line {
    char bytes[64];
};

line* make(alloy::object_pool<line, alloy::ref<list>>& lines) { return lines.create(); }
