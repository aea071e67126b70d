// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::segregate: a tier's limit is no layout that a request can have
#include <alloy/compose/segregate.hpp>
#include <alloy/source/new.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::segregate<alloy::tier<alloy::layout{64, 16}, alloy::new_source>, alloy::new_source> policy;
#else
alloy::segregate<alloy::tier<alloy::layout{64, 24}, alloy::new_source>, alloy::new_source> policy;
#endif
