// SPDX-License-Identifier: BSL-1.0
#include "module.hpp"

namespace alloy::test {

namespace {

struct own_tag {}; // of internal linkage, so its pool is this module's
using own_pool = global<locked<pool16<>>, own_tag>;

template <class H>
std::size_t fill(std::size_t n) {
    std::list<std::size_t, allocator<std::size_t, H>> list;
    for (std::size_t i = 0; i < n; ++i) { list.push_back(i); }
    return list.back() + 1;
}

/// A module's own pool ends with it: what was cached goes back when the module is unloaded.
struct drain {
    drain() = default;
    drain(const drain&) = delete;
    drain& operator=(const drain&) = delete;
    ~drain() { own_pool::instance().trim(); }
};
const drain at_unload;

} // namespace

extern "C" const module_calls alloy_test_module{
    .shared_instance = []() noexcept -> const void* { return &shared_pool::instance(); },
    .own_instance = []() noexcept -> const void* { return &own_pool::instance(); },
    .use = [](std::size_t n) { return fill<shared_pool>(n) + fill<own_pool>(n); },
    .take = [](layout want) noexcept { return shared_pool{}.allocate(want); },
};

} // namespace alloy::test
