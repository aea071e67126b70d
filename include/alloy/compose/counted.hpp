// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::counted`: how many blocks are live, and that none is when the policy ends them.
///
///     allocate   ++live                 reset, destructor   asserts live == 0
///     deallocate --live
///
/// Choose it in tests, and around an arena or pool whose containers must all be gone before it is.
/// Avoid it around an arena that is dropped with its blocks: that is what it reports.

#include <alloy/core/around.hpp>
#include <alloy/source/new.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI {

/// Counts the blocks that are out.
class counting {
public:
    static constexpr bool thread_safe = false;

    constexpr counting() = default;
    counting(const counting&) = delete;
    counting& operator=(const counting&) = delete;
    constexpr ~counting() { ALLOY_ASSERT(live_ == 0); } // else a block outlives its policy

    void* operator()(const op::allocate& /*one*/, const auto& proceed) noexcept {
        return came(proceed());
    }
    void* operator()(const op::allocate_zeroed& /*one*/, const auto& proceed) noexcept {
        return came(proceed());
    }
    std::size_t operator()(const op::allocate_batch& /*many*/, const auto& proceed) noexcept {
        const std::size_t n = proceed();
        live_ += n;
        return n;
    }
    void operator()(const op::deallocate& /*one*/, const auto& proceed) noexcept {
        went(1);
        proceed();
    }
    void operator()(const op::deallocate_batch& asked, const auto& proceed) noexcept {
        went(asked.n);
        proceed();
    }
    void operator()(const op::reset& /*all*/, const auto& proceed) noexcept {
        ALLOY_ASSERT(live_ == 0); // else a block would outlive what it is made of
        proceed();
    }
    decltype(auto) operator()(const auto& /*other*/, const auto& proceed) noexcept {
        return proceed();
    }

    /// Blocks that are out.
    [[nodiscard]] std::size_t live() const noexcept { return live_; }

private:
    void* came(void* at) noexcept {
        if (at != nullptr) { ++live_; }
        return at;
    }

    void went(std::size_t n) noexcept {
        ALLOY_ASSERT(n <= live_); // else a block came back twice
        live_ -= n;
    }

    std::size_t live_ = 0;
};

/// `Upstream`, and how many of its blocks are live. There is no mark() and no rewind(), which end
/// an unknown number of them.
///
/// @threads None: put it inside `locked` to share it.
template <policy Upstream>
class counted : public around<counting, Upstream> {
public:
    using around<counting, Upstream>::around;

    static constexpr bool migratory = false; ///< A block counts where it came from.

    void mark() = delete;
    void rewind() = delete;

    /// Blocks that are out.
    [[nodiscard]] std::size_t live() const noexcept { return this->advice().live(); }
};

static_assert(policy<counted<new_source>>);

} // namespace alloy::inline ALLOY_ABI
