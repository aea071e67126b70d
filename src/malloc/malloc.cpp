// SPDX-License-Identifier: BSL-1.0

/// @file
/// @brief liballoy_malloc.so: malloc and its family, operator new and delete, for any program.
///
///     LD_PRELOAD=liballoy_malloc.so program          or link it
///
///     up to 128 bytes   pool16   \_ one lock, one range of 64 GiB of address space
///     up to 1 MiB       buddy    /
///     above             a mapping each, gone when it is freed
///
/// It serves from the first call that the loader makes to the last of a destructor, and whole in
/// the child of a fork; it keeps nothing a thread. A first library that is correct, not one that is
/// fast: all threads wait for one lock, a block carries 16 bytes before it, a block between 128
/// bytes and 1 MiB is rounded up to a power of two with them, and pages of freed blocks stay.
/// It needs a system that lends address space: where `ulimit -v` does not, nothing is served.

#include <alloy/adapt/c_heap.hpp>
#include <alloy/adapt/global_new.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/zero.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/pages.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include <malloc.h>

namespace alloy_malloc {

using namespace alloy;

constexpr std::size_t largest_small = std::size_t{1} << 20U; // bytes

constexpr range_options range{
    .bytes = std::size_t{1} << 36U, .unit = 256, .largest = largest_small, .align = 4096};
using small_blocks = global<locked<pool16<buddy<range>>>>;
using large_blocks = pages<>;

/// Small blocks through the lock; large ones from the system, past it.
struct process_blocks {
    static constexpr std::size_t max_align = large_blocks::max_align;
    static constexpr bool thread_safe = true;

    [[nodiscard]] static std::size_t good_size(layout want) noexcept {
        return is_small(want) ? std::min(small_blocks{}.good_size(want), largest_small)
                              : large_blocks::good_size(want);
    }
    [[nodiscard]] static void* allocate(layout want) noexcept {
        return is_small(want) ? small_blocks{}.allocate(want) : large_blocks::allocate(want);
    }
    [[nodiscard]] static void* allocate_zeroed(layout want) noexcept {
        constexpr small_blocks small;
        return is_small(want) ? detail::allocate_zeroed(small, want)
                              : large_blocks::allocate_zeroed(want);
    }
    static void deallocate(void* at, layout given) noexcept {
        is_small(given) ? small_blocks{}.deallocate(at, given)
                        : large_blocks::deallocate(at, given);
    }
    [[nodiscard]] static bool resize(void* at, layout given, std::size_t size) noexcept {
        if (is_small(given) != is_small({size, given.align})) { return false; }
        return is_small(given) ? small_blocks{}.resize(at, given, size)
                               : large_blocks::resize(at, given, size);
    }

    friend constexpr bool operator==(process_blocks, process_blocks) noexcept = default;

private:
    static constexpr bool is_small(layout want) noexcept {
        return want.size <= largest_small && want.align <= range.align;
    }
};

using process_heap = c_heap<process_blocks>;
constexpr process_heap heap;

} // namespace alloy_malloc

using namespace alloy_malloc;

extern "C" {

void* malloc(std::size_t size) noexcept { return heap.malloc(size); }
void* calloc(std::size_t n, std::size_t size) noexcept { return heap.calloc(n, size); }
void* realloc(void* at, std::size_t size) noexcept { return heap.realloc(at, size); }
void* reallocarray(void* at, std::size_t n, std::size_t size) noexcept {
    return heap.reallocarray(at, n, size);
}
void free(void* at) noexcept { heap.free(at); }
void* aligned_alloc(std::size_t align, std::size_t size) noexcept {
    return heap.aligned_alloc(align, size);
}
void* memalign(std::size_t align, std::size_t size) noexcept { return heap.memalign(align, size); }
int posix_memalign(void** out, std::size_t align, std::size_t size) noexcept {
    return heap.posix_memalign(out, align, size);
}
void* valloc(std::size_t size) noexcept { return heap.memalign(large_blocks::page_size(), size); }
void* pvalloc(std::size_t size) noexcept {
    const std::size_t page = large_blocks::page_size();
    return heap.memalign(page, size > any_size ? size : detail::round_up(size, page));
}
std::size_t malloc_usable_size(void* at) noexcept { return heap.malloc_usable_size(at); }

} // extern "C"

ALLOY_GLOBAL_NEW(process_heap);
