// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::quarantine`: released blocks that wait, first in, first out.
///
///     oldest_ --> [ later ] --> [ later ] --> [ later ] <-- newest_
///                                              ^   |
///                                              '---'   its own: not null, since it waits, too

#include <alloy/core/config.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI::detail {

/// What may wait in a quarantine derives from this.
struct quarantined {
    quarantined* later = nullptr; ///< What came next, or, in the newest, itself.

    [[nodiscard]] bool waits() const noexcept { return later != nullptr; }
};

/// A queue that counts the bytes of what waits. Every operation is O(1).
class quarantine {
public:
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    /// What has waited longest. @pre Something waits.
    [[nodiscard]] quarantined& oldest() const noexcept { return *oldest_; }

    /// Adds what has so many bytes.
    void push(quarantined& fresh, std::size_t bytes) noexcept {
        fresh.later = &fresh;
        (newest_ == nullptr ? oldest_ : newest_->later) = &fresh;
        newest_ = &fresh;
        bytes_ += bytes;
    }

    /// Lets the oldest go, which has so many bytes.
    void pop(std::size_t bytes) noexcept {
        if (oldest_ == newest_) { newest_ = nullptr; }
        oldest_ = oldest_->later;
        bytes_ -= bytes;
    }

private:
    quarantined* oldest_ = nullptr;
    quarantined* newest_ = nullptr; // null if nothing waits
    std::size_t bytes_ = 0;
};

} // namespace alloy::inline ALLOY_ABI::detail
