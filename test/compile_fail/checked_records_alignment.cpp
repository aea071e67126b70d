// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy: the policy cannot align a table of addresses
#include <alloy/compose/checked.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/bump.hpp>

using alloy::layout;
#if defined(ALLOY_COMPILE_OK)
alloy::checked<alloy::bump<>, alloy::checked_options{}, alloy::bitmap<layout{64, 8}>> policy;
#else
alloy::checked<alloy::bump<>, alloy::checked_options{}, alloy::bitmap<layout{64, 4}>> policy;
#endif
