// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::next_fit: fewer than Share nodes a chunk; raise ChunkBytes
#include <alloy/policy/next_fit.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t bytes = 16384;
#else
constexpr std::size_t bytes = 4096;
#endif

alloy::next_fit<alloy::layout{1024, 8}, alloy::new_source, bytes> nodes;
