// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::pairing_heap`: the lowest address first, links in the members themselves.
///
///        root                 `child` is the first of the children, `next` their row,
///       / | \                 `back` the node before in the row, or the parent
///      o  o  o

#include <alloy/core/bits.hpp>

#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// What a member of a pairing_heap derives from.
struct heap_node {
    heap_node* child = nullptr;
    heap_node* next = nullptr;
    heap_node* back = nullptr;
};

/// A heap of nodes ordered by their own address.
///
/// @source M. L. Fredman et al., "The Pairing Heap: A New Form of Self-Adjusting Heap",
///         Algorithmica 1, 1986.
class pairing_heap {
public:
    /// The node with the lowest address, or null. @complexity O(1).
    [[nodiscard]] constexpr heap_node* lowest() const noexcept { return root_; }

    /// Adds `fresh`. @pre It is in no heap. @complexity O(1).
    void insert(heap_node* fresh) noexcept {
        *fresh = {};
        root_ = meld(root_, fresh);
    }

    /// Takes `gone` out. @pre It is in this heap. @complexity O(log n) amortised.
    void remove(heap_node* gone) noexcept {
        heap_node* const below = merge_row(gone->child);
        if (gone == root_) {
            root_ = below;
            return;
        }
        (gone->back->child == gone ? gone->back->child : gone->back->next) = gone->next;
        if (gone->next != nullptr) { gone->next->back = gone->back; }
        root_ = meld(root_, below);
    }

private:
    static heap_node* meld(heap_node* a, heap_node* b) noexcept {
        if (a == nullptr) { return b; }
        if (b == nullptr) { return a; }
        if (address(b) < address(a)) { std::swap(a, b); }
        b->next = a->child;
        b->back = a;
        if (b->next != nullptr) { b->next->back = b; }
        a->child = b;
        return a;
    }

    /// Two passes: pairs from left to right, then all from right to left.
    static heap_node* merge_row(heap_node* row) noexcept {
        heap_node* pairs = nullptr;
        while (row != nullptr) {
            heap_node* const first = row;
            heap_node* const second = first->next;
            row = second == nullptr ? nullptr : second->next;
            first->next = first->back = nullptr;
            if (second != nullptr) { second->next = second->back = nullptr; }
            heap_node* const pair = meld(first, second);
            pair->next = std::exchange(pairs, pair);
        }
        heap_node* all = nullptr;
        while (pairs != nullptr) {
            heap_node* const pair = std::exchange(pairs, pairs->next);
            pair->next = nullptr;
            all = meld(all, pair);
        }
        return all;
    }

    heap_node* root_ = nullptr;
};

} // namespace alloy::inline ALLOY_ABI::detail
