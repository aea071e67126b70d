// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::delayed: Slots is no power of two
#include <alloy/compose/delayed.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/source/new.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::delayed<alloy::linear_classes<8, 1>, alloy::new_source, 64> blocks;
#else
alloy::delayed<alloy::linear_classes<8, 1>, alloy::new_source, 60> blocks;
#endif
