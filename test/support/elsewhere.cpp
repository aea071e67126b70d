// SPDX-License-Identifier: BSL-1.0
#include "elsewhere.hpp"

namespace alloy::test {

namespace {

// Dynamically initialised, in an order that nobody promises.
const std::vector<int, allocator<int, everywhere>> early(7, 1);

} // namespace

const void* instance_elsewhere() noexcept { return &everywhere::instance(); }

void* allocate_elsewhere(layout want) { return everywhere{}.allocate(want); }

void deallocate_elsewhere(void* at, layout given) { everywhere{}.deallocate(at, given); }

bool allocated_before_main() noexcept { return early.size() == 7; }

} // namespace alloy::test
