// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::lock_free_buddy: threads share the upstream: wrap it in alloy::locked
#include <alloy/compose/locked.hpp>
#include <alloy/policy/lock_free_buddy.hpp>
#include <alloy/source/buffer.hpp>

constexpr alloy::range_options range{.bytes = 6400, .unit = 64, .align = 64};

#if defined(ALLOY_COMPILE_OK)
alloy::lock_free_buddy<range, alloy::locked<alloy::inline_buffer<8'000>>> blocks;
#else
alloy::lock_free_buddy<range, alloy::inline_buffer<8'000>> blocks;
#endif
