// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::shuffled: one slot leaves nothing to chance
#include <alloy/compose/shuffled.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/source/new.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::shuffled<alloy::linear_classes<8, 1>, alloy::new_source, 2> blocks;
#else
alloy::shuffled<alloy::linear_classes<8, 1>, alloy::new_source, 1> blocks;
#endif
