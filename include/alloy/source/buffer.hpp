// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::buffer` and `alloy::inline_buffer`: blocks from bytes that are there already.
///
/// Choose them to keep a composition out of the heap: on the stack, in a static array, in memory
/// that a device or a parent process gave. Blocks come back last-in first-out, or all at once.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/region.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Hands out a caller's bytes in order; null when they are used up.
///
/// @threads None.
class buffer {
public:
    static constexpr std::size_t max_align = any_align; ///< Any power of two; padding is lost.

    /// @pre `bytes` outlives this object and every block.
    constexpr explicit buffer(std::span<std::byte> bytes) noexcept
        : bytes_(bytes), free_(bytes.data(), bytes.data() + bytes.size()) {}

    buffer(const buffer&) = delete;
    buffer& operator=(const buffer&) = delete;

    /// Makes the bytes ordinary memory again.
    constexpr ~buffer() {
        if (!std::is_constant_evaluated()) { detail::unpoison(bytes_.data(), bytes_.size()); }
    }

    /// @return The next `want.size` bytes, or null. @complexity O(1).
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (free_.at() == bytes_.data()) { detail::poison(bytes_.data(), bytes_.size()); }
        const std::size_t rest = free_.rest();
        void* const at = free_.take(want);
        if (at == nullptr) [[unlikely]] { return nullptr; }
        padding_ = rest - free_.rest() - want.size - detail::redzone;
        detail::hand_out(nullptr, at, want.size);
        return at;
    }

    /// Takes the newest block back, with the padding in front of it if no block came since; an
    /// older one stays used until reset().
    void deallocate(void* at, layout given) noexcept {
        ALLOY_ASSERT(owns(at));
        detail::take_back(nullptr, at, given.size);
        if (!free_.is_newest(at, given.size)) { return; }
        free_.give(static_cast<std::byte*>(at) - std::exchange(padding_, 0));
    }

    /// Grows or shrinks the newest block.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept {
        return free_.resize(at, given.size, size);
    }

    /// True for every address in the buffer.
    [[nodiscard]] bool owns(const void* at) const noexcept {
        return detail::address(at) - detail::address(bytes_.data()) < bytes_.size();
    }

    /// Ends every block.
    void reset() noexcept {
        free_ = {bytes_.data(), bytes_.data() + bytes_.size()};
        detail::poison(bytes_.data(), bytes_.size());
    }

    /// Bytes of the largest block that fits now, if it need not be aligned.
    [[nodiscard]] std::size_t largest_free() const noexcept {
        return std::max(free_.rest(), detail::redzone) - detail::redzone;
    }

    /// A block that was released but not the newest counts as used.
    [[nodiscard]] byte_account account() const noexcept {
        return {.taken = bytes_.size(), .fresh = free_.rest()};
    }

private:
    std::span<std::byte> bytes_;
    detail::region free_;
    std::size_t padding_ = 0; ///< In front of the newest block, if none was released since.
};

static_assert(owning_policy<buffer> && resizing_policy<buffer> && resettable_policy<buffer>);

namespace detail {

/// Bytes that cost nothing to make, save in a constant expression.
template <std::size_t Bytes>
struct raw_bytes {
    static_assert(Bytes > 0, "alloy::inline_buffer: no bytes to serve from");

    constexpr raw_bytes() noexcept { // NOLINT(*-member-init): left as they are on purpose
        if (std::is_constant_evaluated()) {
            for (std::byte& each : bytes) { each = std::byte{}; }
        }
    }

    alignas(std::max_align_t) std::byte bytes[Bytes]; // NOLINT(*-avoid-c-arrays)
};

} // namespace detail

/// A buffer that brings its `Bytes` bytes with it.
template <std::size_t Bytes>
class inline_buffer : private detail::raw_bytes<Bytes>, public buffer {
public:
    static constexpr std::size_t max_size = Bytes;

    constexpr inline_buffer() noexcept : buffer(detail::raw_bytes<Bytes>::bytes) {}
};

} // namespace alloy::inline ALLOY_ABI
