// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::freelist: Upstream cannot align a node, or a chunk of them
#include <alloy/policy/freelist.hpp>
#include <alloy/source/new.hpp>

struct weak : alloy::new_source {
    static constexpr std::size_t max_align = 8;
};

#if defined(ALLOY_COMPILE_OK)
alloy::freelist<alloy::layout{64, 8}, weak> list;
#else
alloy::freelist<alloy::layout{64, 8}, weak, alloy::unlimited, 32> list;
#endif
