// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::freelist: Upstream cannot align a node
#include <alloy/policy/freelist.hpp>
#include <alloy/source/new.hpp>

struct weak : alloy::new_source {
    static constexpr std::size_t max_align = 16;
};

#if defined(ALLOY_COMPILE_OK)
alloy::freelist<alloy::layout{64, 16}, weak> list;
#else
alloy::freelist<alloy::layout{64, 32}, weak> list;
#endif
