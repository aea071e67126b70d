// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Allocators ready to use, each a composition with a name and a trade-off.
///
/// | preset                       | shared by      | good at                | pays with         |
/// |------------------------------|----------------|------------------------|-------------------|
/// | `pool_allocator`             | all threads    | objects to 1 KiB       | a cache a thread  |
/// | `local_pool_allocator`       | one thread     | the same, smallest     | one thread alone  |
/// | `bitmap_allocator`           | all threads    | walking old containers | a lock a call     |
/// | `local_bitmap_allocator`     | one thread     | the same               | one thread alone  |
/// | `buddy_allocator`            | all threads    | merging, mixed sizes   | powers of 2       |
/// | `arena_allocator`            | a given arena  | build, use, drop       | frees all at once |
/// | `concurrent_arena_allocator` | its users      | the same, together     | a lock a call     |
/// | `message_pool`               | all that reach | never waiting          | a fixed count     |
///
/// The allocators are empty classes, but for those of an arena, which are one pointer.

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/depot.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/magazine.hpp>
#include <alloy/compose/quantize.hpp>
#include <alloy/compose/retaining.hpp>
#include <alloy/compose/segregate.hpp>
#include <alloy/compose/sharded.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/compose/size_classes.hpp>
#include <alloy/compose/thread_cached.hpp>
#include <alloy/core/mutex.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/lock_free_pool.hpp>
#include <alloy/policy/next_fit.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/policy/slab.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/null.hpp>
#include <alloy/source/pages.hpp>

namespace alloy::inline ALLOY_ABI {

namespace detail {

using small_sizes = linear_classes<8, 16>;
using medium_sizes = geometric_classes<8, 8, 1024>; // up to 128 bytes the same

constexpr layout small{small_sizes::largest, small_sizes::largest};
constexpr layout medium{medium_sizes::largest, medium_sizes::largest};

template <policy Pages>
using medium_blocks = slab<medium_sizes, Pages, null_source>;

/// What is larger comes from `Heap`, and the newest 4 MiB of what was released stay for it; four
/// such rows for threads.
constexpr std::size_t retained = std::size_t{1} << 22U;
template <policy Heap, class Mutex = null_mutex>
using large_blocks =
    quantize<parts_to_a_doubling<8, retained>, retaining<retained, Heap, 32, Mutex>>;
template <policy Heap>
using shared_large_blocks = sharded<large_blocks<Heap, spin_lock>, 4>;

/// Bins that place nodes well, in chunks of 1 MiB of address space, and memory as it is used.
template <policy Pages>
struct bits_over {
    static constexpr std::size_t chunk = std::size_t{1} << 20U;
    template <layout Node>
    using in_order = next_fit<Node, Pages, chunk>;
    template <layout Node>
    using in_order_shared = locked<depot<Node, in_order<Node>>, spin_lock>;
};

} // namespace detail

/// A `next_fit` and a `depot` for every multiple of 8 bytes to 128, each behind a lock of its own;
/// what is larger comes from `Large`.
template <policy Pages = pages<>, policy Large = new_source>
using shared_bitmaps =
    size_classes<detail::small_sizes, detail::bits_over<Pages>::template in_order_shared, Large>;

namespace detail {

/// What threads share below their caches: bitmaps to 128 bytes, and a slab to 1 KiB.
template <policy Pages = pages<>, policy Heap = new_source>
using shared_pool =
    shared_bitmaps<Pages, segregate<tier<medium, locked<medium_blocks<Pages>, spin_lock>>,
                                    shared_large_blocks<Heap>>>;

/// What one thread alone uses: a pool16 to 128 bytes, and a slab behind small stacks to 1 KiB.
template <policy Pages = pages<>, policy Heap = new_source>
using local_pool =
    segregate<tier<small, pool16<Heap>>, tier<medium, magazine<medium_sizes, medium_blocks<Pages>>>,
              large_blocks<Heap>>;

} // namespace detail

/// Objects to 1 KiB for all threads: a cache for each in front of what they share. Larger blocks
/// are rounded by less than an eighth, and 16 MiB of them stay until trim().
template <class T>
using pool_allocator =
    allocator<T, thread_cached<detail::medium_sizes, global<detail::shared_pool<>>>>;

/// Objects to 1 KiB from a process-wide pool that one thread alone may use; asserted in
/// debug builds. Larger blocks are rounded by less than an eighth, and 4 MiB of them stay until
/// trim().
template <class T>
using local_pool_allocator = allocator<T, global<single_threaded<detail::local_pool<>>>>;

/// A `next_fit` for every multiple of 8 bytes to 128, behind small stacks that fill and empty in
/// its order; what is larger comes from `Large`.
template <policy Pages = pages<>, policy Large = new_source>
using bitmaps_over =
    magazine<detail::small_sizes,
             size_classes<detail::small_sizes, detail::bits_over<Pages>::template in_order, Large>,
             64, reuse::upstream>;
using bitmaps = bitmaps_over<>;

/// Nodes in the order of their requests, process-wide, behind a lock.
template <class T>
using bitmap_allocator = allocator<T, global<locked<bitmaps>>>;

/// The same for one thread alone; asserted in debug builds.
template <class T>
using local_bitmap_allocator = allocator<T, global<single_threaded<bitmaps>>>;

/// The buddy system over 64 GiB of address space, process-wide, behind a lock; above 32 MiB, pages
/// from the system.
template <class T>
using buddy_allocator = allocator<T, global<locked<buddy<>>>>;

/// Memory from an arena that outlives the containers: `arena_allocator<int>{arena}`.
template <class T, policy Arena = bump<>>
using arena_allocator = allocator<T, ref<Arena>>;

/// An arena that threads fill together, and one of them resets.
using concurrent_arena = locked<bump<>, spin_lock>;

/// Memory from such an arena: `concurrent_arena_allocator<int>{arena}`.
template <class T>
using concurrent_arena_allocator = arena_allocator<T, concurrent_arena>;

/// Blocks for `Count` messages, between threads and signal handlers that must not wait for one
/// another; their memory is there once the owner has called prepare().
template <class Message, std::size_t Count>
using message_pool = lock_free_pool<layout_of<Message>, Count,
                                    pages<pages_options{.backing = page_backing::prefaulted}>>;

} // namespace alloy::inline ALLOY_ABI
