// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::malloc_source`: blocks from the C library's malloc.
///
/// Choose it over new_source where the program replaces operator new by alloy itself, or where
/// zeroed memory is wanted: calloc knows which pages are fresh.

#include <alloy/core/ability.hpp>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace alloy::inline ALLOY_ABI {

/// Forwards to malloc, aligned_alloc, calloc and free.
///
/// @threads Safe.
struct malloc_source {
    static constexpr std::size_t max_align = any_align; ///< Any power of two.
    static constexpr bool thread_safe = true;           ///< Callable from any thread.
    static constexpr bool migratory = true;             ///< There is one heap.

    /// Allocates `want.size` bytes; null when malloc fails.
    [[nodiscard]] static void* allocate(layout want) noexcept {
        const std::size_t size = rounded(want);
        if (size > any_size) [[unlikely]] { return nullptr; }
        if (want.align <= alignof(std::max_align_t)) { return std::malloc(size); }
        return std::aligned_alloc(want.align, size);
    }

    /// Like allocate(), with every byte zero.
    [[nodiscard]] static void* allocate_zeroed(layout want) noexcept {
        const std::size_t size = rounded(want);
        if (size > any_size) [[unlikely]] { return nullptr; }
        if (want.align <= alignof(std::max_align_t)) { return std::calloc(size, 1); }
        void* const at = std::aligned_alloc(want.align, size);
        return at == nullptr ? nullptr : std::memset(at, 0, want.size);
    }

    /// Returns `at`.
    static void deallocate(void* at, layout /*given*/) noexcept { std::free(at); }

    friend constexpr bool operator==(malloc_source, malloc_source) noexcept = default;

private:
    // Malloc aligns for objects of this very size, and 24 bytes are none of align 16; ISO C asks
    // aligned_alloc for whole multiples too.
    static constexpr std::size_t rounded(layout want) noexcept {
        return want.size > any_size ? unlimited : detail::round_up(want.size, want.align);
    }
};

static_assert(stateless_policy<malloc_source> && zeroing_policy<malloc_source>);

} // namespace alloy::inline ALLOY_ABI
