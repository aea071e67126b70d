// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::base_deleter: Base needs a virtual destructor
#include <alloy/adapt/owner.hpp>
#include <alloy/source/new.hpp>

struct base {
    base() = default;
#if defined(ALLOY_COMPILE_OK)
    virtual ~base() = default;
#endif
    virtual void work() {}
};
struct derived final : base {};

std::unique_ptr<base, alloy::base_deleter<base, alloy::new_source>> owner =
    alloy::make_unique<derived, alloy::new_source>();
