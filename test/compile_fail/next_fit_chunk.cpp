// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::next_fit: a chunk is a power of two to 2 GiB that Upstream can align
#include <alloy/policy/next_fit.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t bytes = 4096;
#else
constexpr std::size_t bytes = 5000;
#endif

alloy::next_fit<alloy::layout{16, 8}, alloy::new_source, bytes> nodes;
