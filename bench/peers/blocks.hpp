// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::nodes` and `alloy::bench::arrays`: blocks that are written when they come
/// and read when they go.
///
/// A block is known by its first word, which holds its stamp; what the stamps that are read back
/// come to is the checksum of a run.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace alloy::bench {

using word = std::uint64_t;

/// `Allocator` for another type.
template <class Allocator, class T>
using rebound = typename std::allocator_traits<Allocator>::template rebind_alloc<T>;

/// Keeps the compiler from knowing what becomes of a block.
inline void escape(const void* at) noexcept { asm volatile("" : : "r"(at) : "memory"); }

/// Objects of `Bytes`: one type, so one size known to the compiler.
template <class Allocator, std::size_t Bytes>
class nodes {
    struct node {
        std::array<word, Bytes / sizeof(word)> words;
    };

public:
    static constexpr std::size_t bytes = sizeof(node);

    explicit nodes(const Allocator& from) : from_(from) {}

    [[nodiscard]] word* make(word stamp) {
        node* const made = from_.allocate(1);
        made->words.front() = stamp;
        escape(made);
        return made->words.data();
    }

    /// @return The stamp.
    word end(word* block) {
        escape(block);
        const word stamp = *block;
        from_.deallocate(reinterpret_cast<node*>(block), 1);
        return stamp;
    }

private:
    rebound<Allocator, node> from_;
};

/// Arrays of 16 to 128 bytes, which only the stamp tells: an allocator asked by the byte.
template <class Allocator>
class arrays {
public:
    explicit arrays(const Allocator& from) : from_(from) {}

    [[nodiscard]] word* make(word stamp) {
        word* const made = from_.allocate(words_of(stamp));
        *made = stamp;
        escape(made);
        return made;
    }

    /// @return The stamp.
    word end(word* block) {
        escape(block);
        const word stamp = *block;
        from_.deallocate(block, words_of(stamp));
        return stamp;
    }

private:
    static std::size_t words_of(word stamp) noexcept {
        return 2 + (stamp * 2654435769U >> 16U) % 15;
    }

    rebound<Allocator, word> from_;
};

} // namespace alloy::bench
