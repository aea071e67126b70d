// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::bitmap: fewer than 8 nodes a chunk; raise ChunkBytes
#include <alloy/policy/bitmap.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t bytes = 16384;
#else
constexpr std::size_t bytes = 4096;
#endif

alloy::bitmap<alloy::layout{1024, 8}, alloy::new_source, bytes> bits;
