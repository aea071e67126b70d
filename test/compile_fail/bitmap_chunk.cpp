// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::bitmap: a chunk is a power of two to 2 GiB that Upstream can align
#include <alloy/policy/bitmap.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t bytes = 4096;
#else
constexpr std::size_t bytes = 5000;
#endif

alloy::bitmap<alloy::layout{16, 8}, alloy::new_source, bytes> bits;
