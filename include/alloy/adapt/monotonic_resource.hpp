// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::pmr::monotonic_buffer_resource`: the standard's arena, with alloy's manners.
///
///     free_ --> | initial buffer |  then  | chunk |link|   |     chunk     |link|   ...
///                                              newest_ ------------------>  |
///                                              (each link says what to give back, and the next)
///
/// A request moves a cursor through the initial buffer, then through chunks that double. Nothing
/// comes back but all at once. The names, the constructors and their meaning are the standard's.
///
/// Choose it as a drop-in for `std::pmr::monotonic_buffer_resource`: under AddressSanitizer it
/// reports overflow by one and use after deallocate(). Avoid it where no `std::pmr` is asked for:
/// `bump` can also rewind and resize.

#include <alloy/core/assert.hpp>
#include <alloy/core/fail.hpp>
#include <alloy/core/region.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <cstddef>
#include <memory_resource>
#include <new>

namespace alloy::inline ALLOY_ABI::pmr {

/// Hands out memory in order, and releases it all at once.
///
/// @threads None.
/// @source  ISO C++20, [mem.res.monotonic.buffer].
class monotonic_buffer_resource : public std::pmr::memory_resource {
public:
    /// Chunks from the default resource.
    monotonic_buffer_resource() : monotonic_buffer_resource(std::pmr::get_default_resource()) {}

    /// Chunks from `upstream`, which outlives this object.
    explicit monotonic_buffer_resource(std::pmr::memory_resource* upstream)
        : monotonic_buffer_resource(usual_size, upstream) {}

    /// A first chunk of at least `initial_size` bytes, from the default resource.
    explicit monotonic_buffer_resource(std::size_t initial_size)
        : monotonic_buffer_resource(initial_size, std::pmr::get_default_resource()) {}

    /// A first chunk of at least `initial_size` bytes, from `upstream`.
    monotonic_buffer_resource(std::size_t initial_size, std::pmr::memory_resource* upstream)
        : monotonic_buffer_resource(nullptr, 0, initial_size, upstream) {}

    /// First the `size` bytes at `buffer`, which outlive this object, then chunks from the default
    /// resource.
    monotonic_buffer_resource(void* buffer, std::size_t size)
        : monotonic_buffer_resource(buffer, size, std::pmr::get_default_resource()) {}

    /// First the `size` bytes at `buffer`, then chunks from `upstream`, the first twice as large.
    monotonic_buffer_resource(void* buffer, std::size_t size, std::pmr::memory_resource* upstream)
        : monotonic_buffer_resource(buffer, size, 2 * size, upstream) {}

    monotonic_buffer_resource(const monotonic_buffer_resource&) = delete;
    monotonic_buffer_resource& operator=(const monotonic_buffer_resource&) = delete;

    /// Gives every chunk back, and makes the initial buffer ordinary memory again.
    ~monotonic_buffer_resource() override {
        release();
        detail::unpoison(buffer_.at(), buffer_.rest());
    }

    /// Ends every block, gives every chunk back, and starts over: with the initial buffer, and the
    /// initial size of the first chunk. @complexity O(chunks).
    void release() noexcept {
        while (newest_ != nullptr) {
            const link last = *newest_;
            auto* const end = reinterpret_cast<std::byte*>(newest_ + 1);
            newest_ = last.next;
            detail::unpoison(end - last.whole.size, last.whole.size);
            upstream_->deallocate(end - last.whole.size, last.whole.size, last.whole.align);
        }
        start();
    }

    /// Where chunks come from.
    [[nodiscard]] std::pmr::memory_resource* upstream_resource() const noexcept {
        return upstream_;
    }

protected:
    /// @throws std::bad_alloc for sizes that no memory has, and what upstream throws.
    /// @complexity O(1), but for a new chunk.
    [[nodiscard]] void* do_allocate(std::size_t bytes, std::size_t align) override {
        const layout want{std::max(bytes, std::size_t{1}), align};
        void* const at = free_.take(want);
        if (at == nullptr) [[unlikely]] { return take_from_new_chunk(want); }
        detail::hand_out(nullptr, at, want.size);
        return at;
    }

    /// Takes nothing back; from here on the block is off limits to AddressSanitizer.
    void do_deallocate(void* at, std::size_t bytes, std::size_t /*align*/) override {
        detail::take_back(nullptr, at, std::max(bytes, std::size_t{1}));
    }

    [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

private:
    /// Stands at the end of each chunk.
    struct link {
        link* next;
        layout whole; ///< What upstream was asked for.
    };

    static constexpr std::size_t usual_size = 1024;
    static constexpr std::size_t least_size = 64;

    monotonic_buffer_resource(void* buffer, std::size_t size, std::size_t first_size,
                              std::pmr::memory_resource* upstream)
        : upstream_(upstream),
          buffer_(static_cast<std::byte*>(buffer), static_cast<std::byte*>(buffer) + size),
          first_size_(std::clamp(first_size, least_size, any_size / 2)) {
        ALLOY_ASSERT(upstream != nullptr);
        start();
    }

    void start() noexcept {
        free_ = buffer_;
        next_size_ = first_size_;
        detail::poison(buffer_.at(), buffer_.rest());
    }

    [[gnu::noinline, gnu::cold]] void* take_from_new_chunk(layout want) {
        if (want.size > any_size / 2 || want.align > any_size / 4) { detail::fail_bad_alloc(); }
        const std::size_t align = std::max(want.align, alignof(link));
        const std::size_t room = std::max(want.size + detail::redzone, next_size_);
        const layout whole{detail::round_up(room + sizeof(link), align), align};
        auto* const at = static_cast<std::byte*>(upstream_->allocate(whole.size, whole.align));
        std::byte* const end = at + (whole.size - sizeof(link));
        newest_ = ::new (static_cast<void*>(end)) link{newest_, whole};
        next_size_ = std::min(2 * next_size_, any_size / 2);
        free_ = {at, end};
        detail::poison(at, free_.rest());
        void* const block = free_.take(want);
        detail::hand_out(nullptr, block, want.size);
        return block;
    }

    std::pmr::memory_resource* upstream_;
    detail::region free_;
    detail::region buffer_;
    link* newest_ = nullptr;
    std::size_t first_size_;
    std::size_t next_size_ = 0;
};

} // namespace alloy::inline ALLOY_ABI::pmr
