// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The pools and the stack of foonathan/memory.

#include "support/kit.hpp"

#include <foonathan/memory/memory_pool.hpp>
#include <foonathan/memory/memory_pool_collection.hpp>
#include <foonathan/memory/memory_stack.hpp>
#include <foonathan/memory/std_allocator.hpp>

#include <cstddef>
#include <memory>

namespace alloy::bench {

inline constexpr std::size_t foonathan_block = std::size_t{1} << 20U; ///< Bytes, as others take.

/// A pool for each type, of all its objects; arrays are not its business.
template <class T>
struct foonathan_pool {
    using value_type = T;

    foonathan_pool() = default;
    template <class Other>
    foonathan_pool(const foonathan_pool<Other>& /*same*/) noexcept {} // NOLINT: as allocators are

    [[nodiscard]] T* allocate(std::size_t n) {
        if (n != 1) { return std::allocator<T>{}.allocate(n); }
        return static_cast<T*>(pool().allocate_node());
    }
    void deallocate(T* at, std::size_t n) noexcept {
        if (n != 1) { return std::allocator<T>{}.deallocate(at, n); }
        pool().deallocate_node(at);
    }

    friend bool operator==(foonathan_pool /*a*/, foonathan_pool /*b*/) noexcept { return true; }

private:
    static auto& pool() {
        using foonathan::memory::memory_pool;
        static memory_pool<> all(sizeof(T) < memory_pool<>::min_node_size
                                     ? std::size_t{memory_pool<>::min_node_size}
                                     : sizeof(T),
                                 foonathan_block);
        return all;
    }
};

/// A pool for each power of two to 2 KiB.
struct foonathan_buckets
    : foonathan::memory::memory_pool_collection<foonathan::memory::node_pool,
                                                foonathan::memory::log2_buckets> {
    foonathan_buckets() : memory_pool_collection(2048, foonathan_block) {}
};
using foonathan_collection =
    housed<foonathan::memory::std_allocator<
               std::byte, foonathan::memory::memory_pool_collection<
                              foonathan::memory::node_pool, foonathan::memory::log2_buckets>>,
           foonathan_buckets>;

/// A stack that is unwound to where it began.
struct foonathan_arena : foonathan::memory::memory_stack<> {
    foonathan_arena() : memory_stack(foonathan_block) {}
    void reset() { unwind(begin_); }

private:
    marker begin_ = top();
};
using foonathan_stack =
    dropped<foonathan::memory::std_allocator<std::byte, foonathan::memory::memory_stack<>>,
            foonathan_arena>;

} // namespace alloy::bench
