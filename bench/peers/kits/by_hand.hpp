// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The least that an allocator could do: a list of what was released, for each type. What is
/// replaced with it costs the block's own cache misses.

#include <cstddef>
#include <memory>

namespace alloy::bench {

/// For one thread, without arrays, without an end.
template <class T>
struct by_hand {
    using value_type = T;

    by_hand() = default;
    template <class Other>
    by_hand(const by_hand<Other>& /*same*/) noexcept {} // NOLINT: as allocators are

    [[nodiscard]] T* allocate(std::size_t n) {
        if (n != 1) { return std::allocator<T>{}.allocate(n); }
        link*& free = newest();
        if (free == nullptr) { add_chunk(); }
        link* const at = free;
        free = at->next;
        return reinterpret_cast<T*>(at);
    }
    void deallocate(T* at, std::size_t n) noexcept {
        if (n != 1) { return std::allocator<T>{}.deallocate(at, n); }
        link*& free = newest();
        free = std::construct_at(reinterpret_cast<link*>(at), link{free});
    }

    friend bool operator==(by_hand /*a*/, by_hand /*b*/) noexcept { return true; }

private:
    struct link {
        link* next;
    };
    union slot {
        link next;
        alignas(T) std::byte bytes[sizeof(T)];
    };

    /// Through a register, as alloy::global does and for its reason.
    static link*& newest() noexcept {
        link** at = &free_;
        asm("" : "+r"(at));
        return *at;
    }

    static void add_chunk() {
        constexpr std::size_t count = 1 + (std::size_t{1} << 16U) / sizeof(slot);
        slot* const chunk = std::allocator<slot>{}.allocate(count);
        for (std::size_t i = count; i-- > 0;) {
            free_ = std::construct_at(reinterpret_cast<link*>(chunk + i), link{free_});
        }
    }

    static inline link* free_ = nullptr;
};

} // namespace alloy::bench
