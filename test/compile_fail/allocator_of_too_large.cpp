// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::allocator: no block of the policy is large enough for a T
#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/freelist.hpp>

#include <array>

using policy = alloy::locked<alloy::freelist<alloy::layout{256, 16}>>;

#if defined(ALLOY_COMPILE_OK)
using object = std::array<char, 256>;
#else
using object = std::array<char, 257>;
#endif

object* make() { return alloy::allocator<object, policy>{}.allocate(1); }
