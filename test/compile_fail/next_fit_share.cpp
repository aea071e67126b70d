// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::next_fit: a chunk would rest until it is empty
#include <alloy/policy/next_fit.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::uint32_t share = 2;
#else
constexpr std::uint32_t share = 1;
#endif

alloy::next_fit<alloy::layout{16, 8}, alloy::new_source, 4096, share> nodes;
