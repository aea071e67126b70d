// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::bump: chunks grow from `first`, at least 64 bytes, to `largest`
#include <alloy/policy/bump.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t largest = 4096;
#else
constexpr std::size_t largest = 4095;
#endif

alloy::bump<alloy::bump_options{.first = 4096, .largest = largest}> arena;
