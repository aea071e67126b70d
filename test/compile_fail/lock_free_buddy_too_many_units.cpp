// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_buddy: more units than a buddy_tree can have
#include <alloy/policy/lock_free_buddy.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t bytes = std::size_t{1} << 37;
#else
constexpr std::size_t bytes = (std::size_t{1} << 37) + 64;
#endif

alloy::lock_free_buddy<alloy::range_options{.bytes = bytes}> blocks;
