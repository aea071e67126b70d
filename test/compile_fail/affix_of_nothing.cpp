// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::affix: neither a Prefix nor a Suffix
#include <alloy/compose/affix.hpp>
#include <alloy/source/new.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::affix<alloy::new_source, void, int> policy;
#else
alloy::affix<alloy::new_source, void, void> policy;
#endif
