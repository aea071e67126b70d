// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::region`: a range of bytes that is handed out from its start.
///
///     |  taken  | pad |  taken  |          free            |
///                               ^ at_                      ^ end_
///
/// The newest block may grow, shrink and come back; an older one only ends with the region.

#include <alloy/core/layout.hpp>
#include <alloy/core/sanitize.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI::detail {

/// The free rest of a range; the addresses are those of a range that somebody else holds.
class region {
public:
    constexpr region() noexcept = default;
    constexpr region(std::byte* from, std::byte* to) noexcept : at_(from), end_(to) {}

    /// The start of the free rest. @complexity O(1).
    [[nodiscard]] constexpr std::byte* at() const noexcept { return at_; }

    /// Its end.
    [[nodiscard]] constexpr std::byte* end() const noexcept { return end_; }

    /// Bytes of the free rest.
    [[nodiscard]] constexpr std::size_t rest() const noexcept {
        return static_cast<std::size_t>(end_ - at_);
    }

    /// The next `want.size` bytes at `want.align`, and a gap behind them under AddressSanitizer.
    /// @return Null, and nothing has changed, if they do not fit.
    [[nodiscard]] void* take(layout want) noexcept {
        // No address is near the top of the address space, so that sums below any_size cannot wrap.
        if (want.size > any_size - redzone) [[unlikely]] { return nullptr; }
        const std::size_t here = address(at_);
        const std::size_t from = round_up(here, want.align);
        const std::size_t to = from + want.size + redzone;
        if (to > address(end_)) [[unlikely]] { return nullptr; }
        std::byte* const block = at_ + (from - here);
        at_ += to - here;
        if (block == nullptr) { __builtin_unreachable(); } // spares callers a second test
        return block;
    }

    /// True if the block of `size` bytes at `block` was the last taken.
    [[nodiscard]] bool is_newest(const void* block, std::size_t size) const noexcept {
        return address(block) + size + redzone == address(at_);
    }

    /// Takes the newest block back. @pre `is_newest(block, ...)`.
    void give(void* block) noexcept { at_ = static_cast<std::byte*>(block); }

    /// Makes a block of `before` bytes `after` bytes long, if it was the last taken.
    /// @return False, and nothing has changed, if it was not, or if it does not fit.
    [[nodiscard]] bool resize(void* block, std::size_t before, std::size_t after) noexcept {
        const std::size_t room = address(end_) - address(block);
        if (!is_newest(block, before) || after > room || room - after < redzone) { return false; }
        auto* const from = static_cast<std::byte*>(block);
        change_size(from, before, after);
        at_ = from + after + redzone;
        return true;
    }

private:
    std::byte* at_ = nullptr;
    std::byte* end_ = nullptr;
};

} // namespace alloy::inline ALLOY_ABI::detail
