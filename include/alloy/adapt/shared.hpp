// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::shared`: a handle that keeps its policy alive.
///
///     shared --.
///     shared --+--> [ count | policy ]      ends with the last handle
///     shared --'
///
/// Choose it where no scope outlives all containers of a pool. Avoid it where one does: `ref`
/// counts nothing.

#include <alloy/core/fail.hpp>
#include <alloy/core/handle.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <new>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Counts the handles to one `P`, which lives as long as the last container that uses it.
///
/// Moving copies: a moved-from handle still counts and still works, as an allocator's must.
///
/// libstdc++ 12 forgets the allocator of a node handle that is inserted again (GCC bug 114401): the
/// policy then outlives its last container for good. Splice or merge instead of extract and insert.
///
/// @threads Copies may be made and ended in any thread; operations as `P`.
template <policy P>
class shared : public detail::forwarding<shared<P>, P> {
    friend detail::forwarding<shared, P>;

    struct counted {
        template <class... Args>
        explicit counted(Args&&... args) : target(std::forward<Args>(args)...) {}

        std::atomic<std::size_t> handles{1};
        P target;
    };

public:
    static constexpr bool is_always_equal = false;

    /// Makes a policy from `args` and the first handle to it. @throws std::bad_alloc.
    template <class... Args>
        requires std::constructible_from<P, Args...>
    [[nodiscard]] static shared make(Args&&... args) {
        auto* const fresh = new (std::nothrow) counted(std::forward<Args>(args)...);
        if (fresh == nullptr) { detail::fail_bad_alloc(); }
        return shared(fresh);
    }

    shared(const shared& other) noexcept : at_(other.at_) {
        at_->handles.fetch_add(1, std::memory_order_relaxed);
    }

    shared& operator=(const shared& other) noexcept {
        shared copy(other);
        std::swap(at_, copy.at_);
        return *this;
    }

    ~shared() {
        if (at_->handles.fetch_sub(1, std::memory_order_acq_rel) == 1) { delete at_; }
    }

    /// The policy itself, for its owner.
    [[nodiscard]] P& instance() const noexcept { return at_->target; }

    friend bool operator==(const shared& a, const shared& b) noexcept { return a.at_ == b.at_; }

private:
    explicit shared(counted* fresh) noexcept : at_(fresh) {}

    template <class Op>
    [[gnu::always_inline]] decltype(auto) forward(const Op& operation) const noexcept {
        return operation(at_->target);
    }

    counted* at_;
};

} // namespace alloy::inline ALLOY_ABI
