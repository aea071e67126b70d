// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::conforms: conversion: construction from the allocator of another type is
// EXPECT-ERROR: alloy::conforms: equality: == and != must be const, noexcept, and bool
// EXPECT-ERROR: alloy::conforms: default constructor: it is explicit
// EXPECT-ERROR: alloy::conforms: move assignment: propagate_on_container_move_assignment must be
#include <alloy/check/conforms.hpp>

#include <cstddef>
#include <memory>

template <class T>
struct sloppy {
    using value_type = T;
    using propagate_on_container_move_assignment = bool;

    explicit sloppy() = default;
    T* allocate(std::size_t n);
    void deallocate(T* at, std::size_t n);
};

#if defined(ALLOY_COMPILE_OK)
static_assert(alloy::must_conform<std::allocator<int>>());
#else
static_assert(alloy::must_conform<sloppy<int>>());
#endif
