// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::freelist: a node of a chunk cannot go back alone; leave MaxCached open
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t most = alloy::unlimited;
#else
constexpr std::size_t most = 100;
#endif

alloy::freelist<alloy::layout{24, 8}, alloy::new_source, most, 32> list;
