// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::thread_cached: threads find Upstream by its type alone
#include <alloy/preset.hpp>

using sizes = alloy::linear_classes<8, 16>;
using nodes = alloy::global<alloy::shared_bitmaps<>>;
constexpr alloy::thread_cache_options options{};

#if defined(ALLOY_COMPILE_OK)
alloy::thread_cached<sizes, nodes, options, alloy::new_source> handle;
#else
alloy::thread_cached<sizes, nodes, options, alloy::locked<alloy::pool16<>>> handle;
#endif
