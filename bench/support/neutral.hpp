// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::neutral`: operator new under another name.
///
/// A control: containers are other code for every allocator *type*, for which a compiler may choose
/// other branches and a library other copying. What `neutral` differs from `std::allocator` is due
/// to that alone.

#include <cstddef>
#include <memory>

namespace alloy::bench {

/// Does what `std::allocator` does.
template <class T>
struct neutral {
    using value_type = T;

    neutral() = default;
    template <class U>
    neutral(const neutral<U>& /*same*/) noexcept {}

    [[nodiscard]] T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
    void deallocate(T* at, std::size_t n) noexcept { std::allocator<T>().deallocate(at, n); }

    friend bool operator==(neutral, neutral) = default;
};

} // namespace alloy::bench
