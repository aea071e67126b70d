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
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// What may wait in a quarantine derives from this.
struct quarantined {
    quarantined* later = nullptr; ///< What came next, or, in the newest, itself.

    [[nodiscard]] bool waits() const noexcept { return later != nullptr; }
};

/// A queue that counts the bytes of what waits. Every operation is O(1).
class quarantine {
public:
    using entry = quarantined;

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
        oldest_ = std::exchange(oldest_->later, nullptr);
        bytes_ -= bytes;
    }

private:
    quarantined* oldest_ = nullptr;
    quarantined* newest_ = nullptr; // null if nothing waits
    std::size_t bytes_ = 0;
};

/// One in which nothing waits: what leaves it is never there.
class no_quarantine {
public:
    struct entry {
        [[nodiscard]] static constexpr bool waits() noexcept { return false; }
    };

    [[nodiscard]] static constexpr std::size_t bytes() noexcept { return 0; }
    [[noreturn]] static entry& oldest() noexcept { __builtin_unreachable(); }
    static void push(entry& /*fresh*/, std::size_t /*bytes*/) noexcept {}
    static void pop(std::size_t /*bytes*/) noexcept {}
};

template <bool Any>
using quarantine_of = std::conditional_t<Any, quarantine, no_quarantine>;

} // namespace alloy::inline ALLOY_ABI::detail
