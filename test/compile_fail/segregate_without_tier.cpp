// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::segregate: takes at least one tier, and then a policy for the rest
#include <alloy/compose/segregate.hpp>
#include <alloy/source/new.hpp>

using small = alloy::tier<alloy::layout{64, 16}, alloy::new_source>;

#if defined(ALLOY_COMPILE_OK)
alloy::segregate<small, alloy::new_source> policy;
#else
alloy::segregate<alloy::new_source> policy;
#endif
