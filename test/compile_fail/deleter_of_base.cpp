// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: (conversion from|no viable conversion|could not convert)
#include <alloy/adapt/owner.hpp>
#include <alloy/source/new.hpp>

struct base {
    virtual ~base() = default;
};
struct derived : base {
    char more[100];
};

#if defined(ALLOY_COMPILE_OK)
using deleter = alloy::base_deleter<base, alloy::new_source>;
#else
using deleter = alloy::deleter<base, alloy::new_source>; // would release a block of another size
#endif

std::unique_ptr<base, deleter> owner = alloy::make_unique<derived, alloy::new_source>();
