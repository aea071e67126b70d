// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::freelist: a chunk holds at least one node
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t nodes = 2;
#else
constexpr std::size_t nodes = 0;
#endif

alloy::freelist<alloy::layout{24, 8}, alloy::new_source, alloy::unlimited, nodes> list;
