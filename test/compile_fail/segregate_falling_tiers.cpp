// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::segregate: a tier's limit is not larger than that of the one before
#include <alloy/compose/segregate.hpp>
#include <alloy/source/new.hpp>

template <std::size_t Size>
using tier = alloy::tier<alloy::layout{Size, 16}, alloy::new_source>;

#if defined(ALLOY_COMPILE_OK)
alloy::segregate<tier<64>, tier<65>, alloy::new_source> policy;
#else
alloy::segregate<tier<64>, tier<64>, alloy::new_source> policy;
#endif
