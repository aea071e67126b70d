// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::c_heap`: malloc and its family over a policy.
///
///     base                                at
///     |  padding, if align > 16  | prefix |  what was asked for  |
///     '------- max(16, align) ------------'
///
/// free() is told no size, so each block carries it in the 16 bytes before it, with its alignment:
/// what the policy gets back is what it gave. The same makes the heap a `measuring_policy`.
///
/// Choose it where C code, or code that lost the size, must use a policy. Avoid it for what knows
/// its types: an allocator keeps no prefix.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/exact.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/zero.hpp>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <new>

namespace alloy::inline ALLOY_ABI {

/// The functions of <stdlib.h> and <malloc.h> as members; sizes and alignments in bytes.
///
/// Out of memory, or asked for more than PTRDIFF_MAX, also as a product, they answer null and errno
/// is ENOMEM. Every block is aligned to 16 bytes at least. A block of no bytes is a block: not
/// null, unlike any other, and to be freed.
///
/// @tparam Policy A handle, or a bare policy, which then means global<Policy>.
/// @threads As the policy.
template <policy Policy>
class c_heap {
    using handle_type = handle_for<Policy>;
    static_assert(handle_type::max_align >= 16, "alloy::c_heap: the policy cannot align to 16");

    struct alignas(16) prefix {
        std::size_t size;
        std::size_t align;
    };

public:
    static constexpr std::size_t max_align = handle_type::max_align; ///< Bytes.
    static constexpr bool thread_safe = thread_safe_v<handle_type>;
    static constexpr bool single_threaded = single_threaded_v<handle_type>;
    static constexpr bool migratory = migratory_v<handle_type>;

    constexpr c_heap()
        requires std::default_initializable<handle_type>
    = default;
    constexpr explicit c_heap(const handle_type& handle) noexcept : handle_(handle) {}

    [[nodiscard]] void* malloc(std::size_t size) const noexcept {
        return checked(allocate({at_least_one(size), usual}));
    }

    /// Every byte is zero.
    [[nodiscard]] void* calloc(std::size_t n, std::size_t size) const noexcept {
        const layout want{at_least_one(product(n, size)), usual};
        return checked(place(want, [this](layout whole) noexcept {
            return detail::allocate_zeroed(handle_, whole);
        }));
    }

    /// Grows or shrinks a block, in place if the policy can, else by a move that keeps its
    /// alignment. With null it is malloc(). To no bytes: the block stays one, and is not freed.
    /// @return The block; or null, and the old one is as it was.
    [[nodiscard]] void* realloc(void* at, std::size_t size) const noexcept {
        if (at == nullptr) { return malloc(size); }
        const layout given = found_at(at);
        const layout want{at_least_one(size), given.align};
        if (resize(at, given, want.size)) { return at; }
        void* const fresh = checked(allocate(want));
        if (fresh == nullptr) { return nullptr; }
        std::memcpy(fresh, at, std::min(given.size, want.size));
        free(at);
        return fresh;
    }

    /// As realloc() to `n` times `size`.
    [[nodiscard]] void* reallocarray(void* at, std::size_t n, std::size_t size) const noexcept {
        return realloc(at, product(n, size));
    }

    /// Null, and errno is EINVAL, if `align` is no power of two. `size` need not be a multiple.
    [[nodiscard]] void* aligned_alloc(std::size_t align, std::size_t size) const noexcept {
        if (!std::has_single_bit(align)) {
            errno = EINVAL;
            return nullptr;
        }
        return checked(allocate({at_least_one(size), align}));
    }

    /// As aligned_alloc().
    [[nodiscard]] void* memalign(std::size_t align, std::size_t size) const noexcept {
        return aligned_alloc(align, size);
    }

    /// @return Zero; or EINVAL, if `align` is no power of two or less than a pointer's size, or
    /// ENOMEM, and `*out` is as before. Leaves errno alone.
    [[nodiscard]] int posix_memalign(void** out, std::size_t align,
                                     std::size_t size) const noexcept {
        if (!std::has_single_bit(align) || align < sizeof(void*)) { return EINVAL; }
        const int before = errno;
        void* const at = aligned_alloc(align, size);
        errno = before;
        if (at == nullptr) { return ENOMEM; }
        *out = at;
        return 0;
    }

    /// Releases a block, or null. Leaves errno alone.
    void free(void* at) const noexcept {
        if (at == nullptr) { return; }
        const int before = errno;
        deallocate(at, found_at(at));
        errno = before;
    }

    /// Bytes that may be used: those asked for. Zero for null.
    [[nodiscard]] std::size_t malloc_usable_size(const void* at) const noexcept {
        return at == nullptr ? 0 : usable_size(at);
    }

    using upstreams = policies<handle_type>;
    void each_upstream(auto visit) const noexcept { visit(handle_); }

    [[nodiscard]] void* allocate(layout want) const noexcept {
        return place(want, [this](layout whole) noexcept { return handle_.allocate(whole); });
    }

    /// @pre `at` came from any function of an equal heap and is still live.
    void deallocate(void* at, layout /*given*/) const noexcept {
        const layout given = found_at(at);
        const layout whole = around(given);
        ALLOY_ASSERT(detail::is_aligned(at, given.align));
        std::byte* const base = static_cast<std::byte*>(at) - offset(given);
        detail::unpoison_slack(handle_, base, whole, whole.size);
        handle_.deallocate(base, granted(whole));
    }

    [[nodiscard]] std::size_t usable_size(const void* at) const noexcept {
        return found_at(at).size;
    }

    friend constexpr bool operator==(const c_heap& a, const c_heap& b) noexcept {
        return a.handle_ == b.handle_;
    }

private:
    static constexpr std::size_t usual = 16;

    static constexpr std::size_t at_least_one(std::size_t size) noexcept {
        return std::max(size, std::size_t{1});
    }

    static constexpr std::size_t product(std::size_t n, std::size_t size) noexcept {
        std::size_t bytes = 0;
        return __builtin_mul_overflow(n, size, &bytes) ? unlimited : bytes;
    }

    static void* checked(void* at) noexcept {
        if (at == nullptr) [[unlikely]] { errno = ENOMEM; }
        return at;
    }

    /// Bytes before the block.
    static constexpr std::size_t offset(layout block) noexcept {
        return std::max(block.align, sizeof(prefix));
    }

    /// The block with what stands before it. @pre Both of its numbers are at most any_size / 2.
    static constexpr layout around(layout block) noexcept {
        return {offset(block) + block.size, std::max(block.align, alignof(prefix))};
    }

    /// What the policy may be told instead: it serves for each size that is rounded up to the same.
    [[nodiscard]] layout granted(layout whole) const noexcept {
        return {good_size(handle_, whole), whole.align};
    }

    static layout found_at(const void* at) noexcept {
        const prefix& head = *(static_cast<const prefix*>(at) - 1);
        return {head.size, head.align};
    }

    static void* mark(std::byte* base, layout block) noexcept {
        std::byte* const at = base + offset(block);
        ::new (at - sizeof(prefix)) prefix{block.size, block.align};
        return at;
    }

    template <class Take>
    [[nodiscard]] void* place(layout want, Take take) const noexcept {
        if (want.size > any_size / 2 || want.align > any_size / 2) [[unlikely]] { return nullptr; }
        const layout whole = around(want);
        void* const base = take(whole);
        if (base == nullptr) [[unlikely]] { return nullptr; }
        detail::poison_slack(handle_, base, whole, whole.size);
        return mark(static_cast<std::byte*>(base), want);
    }

    /// In place, where the policy can or rounds to the same.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) const noexcept {
        if (size > any_size / 2) { return false; }
        const layout block{size, given.align};
        const layout before = granted(around(given));
        const layout whole = around(block);
        std::byte* const base = static_cast<std::byte*>(at) - offset(given);
        detail::unpoison_slack(handle_, base, around(given), around(given).size);
        bool done = granted(whole) == before;
        if constexpr (resizing_policy<handle_type>) {
            done = done || handle_.resize(base, before, whole.size);
        }
        if (done) { mark(base, block); }
        const layout now = done ? whole : around(given);
        detail::poison_slack(handle_, base, now, now.size);
        return done;
    }

    [[no_unique_address]] handle_type handle_;
};

} // namespace alloy::inline ALLOY_ABI
