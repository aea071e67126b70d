// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::ranged: too many units for 32 bits
#include <alloy/core/bit_extent.hpp>
#include <alloy/core/ranged.hpp>
#include <alloy/source/new.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr std::size_t bytes = std::size_t{1} << 37;
#else
constexpr std::size_t bytes = std::size_t{1} << 38;
#endif

alloy::ranged<alloy::bit_extent, alloy::range_options{.bytes = bytes}, alloy::new_source> blocks;
