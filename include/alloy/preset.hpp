// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Allocators ready to use, each a composition with a name and a trade-off.
///
/// | preset                 | shared by     | sizeof | good at                | pays with             |
/// |------------------------|---------------|--------|------------------------|-----------------------|
/// | `pool_allocator`       | all threads   | empty  | small objects          | a lock an operation   |
/// | `local_pool_allocator` | one thread    | empty  | the same, fastest      | one thread alone      |
/// | `bitmap_allocator`     | all threads   | empty  | walking old containers | a lock; slower reuse  |
/// | `buddy_allocator`      | all threads   | empty  | merging, mixed sizes   | rounds to powers of 2 |
/// | `arena_allocator`      | a given arena | 8      | build, use, drop       | frees all at once     |

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/compose/size_classes.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

namespace alloy::inline ALLOY_ABI {

/// Small objects from the process-wide pool16 behind a lock.
template <class T>
using pool_allocator = allocator<T, global<locked<pool16<>>>>;

/// Small objects from a process-wide pool16 that one thread alone may use; asserted in debug
/// builds.
template <class T>
using local_pool_allocator = allocator<T, global<single_threaded<pool16<>>>>;

namespace detail {

template <layout Node>
using bitmap_bin = bitmap<Node>;

} // namespace detail

/// A `bitmap` for every multiple of 8 bytes to 128; what is larger comes from operator new.
using bitmaps = size_classes<linear_classes<8, 16>, detail::bitmap_bin, new_source>;

/// Nodes in address order, process-wide, behind a lock.
template <class T>
using bitmap_allocator = allocator<T, global<locked<bitmaps>>>;

/// The buddy system over 64 GiB of address space, process-wide, behind a lock; above 32 MiB, pages
/// from the system.
template <class T>
using buddy_allocator = allocator<T, global<locked<buddy<>>>>;

/// Memory from an arena that outlives the containers: `arena_allocator<int>{arena}`.
template <class T, policy Arena = bump<>>
using arena_allocator = allocator<T, ref<Arena>>;

} // namespace alloy::inline ALLOY_ABI
