// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::queue`: first in, first out, links in the members themselves.
///
///     first_ --> [ before | behind ] <--> [ before | behind ] <-- last_

#include <alloy/core/config.hpp>

namespace alloy::inline ALLOY_ABI::detail {

/// What a member of a queue derives from.
struct queue_node {
    queue_node* before = nullptr;
    queue_node* behind = nullptr;
};

/// A row of nodes that any of them may leave. Every operation is O(1).
class queue {
public:
    /// The node that has waited longest, or null.
    [[nodiscard]] constexpr queue_node* first() const noexcept { return first_; }

    /// Adds `fresh`. @pre It is in no queue.
    void push(queue_node* fresh) noexcept {
        *fresh = {last_, nullptr};
        (last_ == nullptr ? first_ : last_->behind) = fresh;
        last_ = fresh;
    }

    /// Takes `gone` out. @pre It is in this queue.
    void remove(queue_node* gone) noexcept {
        (gone == first_ ? first_ : gone->before->behind) = gone->behind;
        (gone == last_ ? last_ : gone->behind->before) = gone->before;
    }

private:
    queue_node* first_ = nullptr;
    queue_node* last_ = nullptr;
};

} // namespace alloy::inline ALLOY_ABI::detail
