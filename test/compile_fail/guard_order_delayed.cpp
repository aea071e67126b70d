// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::delayed: it would hide releases from the guard inside of it
#include <alloy/compose/canaried.hpp>
#include <alloy/compose/delayed.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/source/new.hpp>

#if defined(ALLOY_COMPILE_OK)
using sizes = alloy::linear_classes<8, 1>;
alloy::canaried<alloy::delayed<sizes, alloy::new_source>> blocks;
#else
using sizes = alloy::linear_classes<8, 1>;
alloy::delayed<sizes, alloy::canaried<alloy::new_source>> blocks;
#endif
