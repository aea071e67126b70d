// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::basic_remote_list`: many push, one takes all.
///
///     newest_ --> [next|..] --> [next|..] --> [next|..] --> null
///        ^        '--- one push ---'
///        pushed on top by any thread; taken whole by one
///
/// A push is one compare-and-swap, a take one exchange. Nodes never leave one by one, so none can
/// leave and come back between another thread's read and its swap: there is no ABA to guard
/// against.

#include <alloy/core/config.hpp>

#include <atomic>

namespace alloy::inline ALLOY_ABI::detail {

/// A node that carries nothing but its link.
struct remote_node {
    remote_node* next;
};

/// A last-in first-out list of nodes that come from any thread and go to one.
///
/// @tparam Atomic As std::atomic.
/// @tparam Node   Has a member `next`, plain memory that a `Node*` can be assigned to.
/// @threads push() and empty(): any; lock-free, one retry for each push that came first.
///          take_all(): any too, wait-free; made for one, the owner.
/// @source  R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM 1986; as a message
///          queue: P. Liétar et al., "snmalloc", ISMM 2019, and the thread-free list of D. Leijen
///          et al., "Mimalloc", APLAS 2019.
template <template <class> class Atomic = std::atomic, class Node = remote_node>
class basic_remote_list {
public:
    constexpr basic_remote_list() noexcept = default;
    basic_remote_list(const basic_remote_list&) = delete;
    basic_remote_list& operator=(const basic_remote_list&) = delete;

    /// Puts a chain on top. What was written before, in the nodes and elsewhere, the thread that
    /// takes them sees.
    /// @pre `first` leads to `last` by `next`; what `last->next` holds does not matter.
    void push(Node* first, Node* last) noexcept {
        Node* newest = newest_.load(std::memory_order_relaxed); // is linked to, never looked into
        do {
            last->next = newest;
            // The release pairs with the acquire in take_all(). A push on top of this one continues
            // its release sequence, so whoever acquires that one has acquired this one too.
        } while (!newest_.compare_exchange_weak(newest, first, std::memory_order_release,
                                                std::memory_order_relaxed));
    }

    /// Takes all nodes, the newest first, linked by `next` to null. @return Null if there is none.
    /// @complexity O(1).
    [[nodiscard]] Node* take_all() noexcept {
        return newest_.exchange(nullptr, std::memory_order_acquire); // pairs with push()
    }

    /// True if there is no node; others may push one at any moment. @complexity O(1).
    [[nodiscard]] bool empty() const noexcept {
        return newest_.load(std::memory_order_relaxed) == nullptr; // take_all() sees what is there
    }

private:
    Atomic<Node*> newest_{nullptr};
};

/// The list itself.
using remote_list = basic_remote_list<>;

} // namespace alloy::inline ALLOY_ABI::detail
