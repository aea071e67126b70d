// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::freelist: a chunk is larger than the address space
#include <alloy/policy/freelist.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t nodes = alloy::any_size / 64;
#else
constexpr std::size_t nodes = alloy::any_size / 24;
#endif

alloy::freelist<alloy::layout{24, 8}, alloy::new_source, alloy::unlimited, nodes> list;
