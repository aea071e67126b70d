// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::come_and_go`: a list without a container.

#include <cstddef>
#include <cstring>
#include <memory>

namespace alloy::test {

/// Allocates `n` objects one by one, then releases them. For threads that go on while others fork:
/// containers with checked iterators have locks of their own, which a child finds as they were.
template <class Allocator>
void come_and_go(Allocator from, std::size_t n) {
    using value = typename std::allocator_traits<Allocator>::value_type;
    static_assert(sizeof(value) >= sizeof(value*));
    value* newest = nullptr;
    for (std::size_t i = 0; i < n; ++i) {
        value* const fresh = from.allocate(1);
        std::memcpy(static_cast<void*>(fresh), &newest, sizeof newest);
        newest = fresh;
    }
    while (value* const gone = newest) {
        std::memcpy(&newest, static_cast<const void*>(gone), sizeof newest);
        from.deallocate(gone, 1);
    }
}

} // namespace alloy::test
