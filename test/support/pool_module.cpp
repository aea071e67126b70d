// SPDX-License-Identifier: BSL-1.0
#include "pool_module.hpp"

namespace alloy::test {

namespace {

struct own_tag {}; // of internal linkage, so its pool is this module's

/// A module's own pools end with it: what no block lives in goes back when it is unloaded.
template <class Pool>
struct drain {
    drain() = default;
    drain(const drain&) = delete;
    drain& operator=(const drain&) = delete;
    ~drain() { Pool::trim(); }
};
const drain<pool_of<own_tag>> own_at_unload;
const drain<shared_pool> at_unload;

} // namespace

extern "C" [[gnu::visibility("default")]] const pool_module alloy_test_pool_module{
    .shared = calls_of<shared_pool>, .own = calls_of<pool_of<own_tag>>};

} // namespace alloy::test
