// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::conforms: good_size: good_size.layout. must be const, noexcept, and
// std::size_t EXPECT-ERROR: alloy::conforms: rewind: mark.. and rewind.mark. must both be there and
// noexcept
#include <alloy/check/conforms.hpp>
#include <alloy/source/new.hpp>

#include <cstddef>

struct almost : alloy::new_source {
    std::size_t good_size(alloy::layout want) noexcept;
    int mark() noexcept;
};

#if defined(ALLOY_COMPILE_OK)
static_assert(alloy::must_conform<alloy::new_source>());
#else
static_assert(alloy::must_conform<almost>());
#endif
