// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::resource_source`: blocks from a `std::pmr::memory_resource`.
///
/// Choose it to put an alloy policy behind code that is given a resource. Two virtual calls stand
/// between: keep it below a policy that takes chunks.

#include <alloy/core/policy.hpp>

#include <memory_resource>

namespace alloy::inline ALLOY_ABI {

/// Forwards to a resource; its exceptions become null.
///
/// @threads As safe as the resource.
class resource_source {
public:
    static constexpr std::size_t max_align = any_align; ///< What the resource cannot align is null.

    /// @pre `target` outlives this object and every block.
    constexpr explicit resource_source(std::pmr::memory_resource& target) noexcept
        : target_(&target) {}

    /// Whole multiples of the alignment: the pools of libstdc++ 12 misalign other sizes.
    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept {
        return want.size > any_size ? want.size : detail::round_up(want.size, want.align);
    }

    /// @return Null where the resource throws.
    [[nodiscard]] void* allocate(layout want) const noexcept {
        const std::size_t size = good_size(want);
        if (size > any_size) [[unlikely]] { return nullptr; } // resources round up too, and wrap
#if defined(__cpp_exceptions)
        try {
            return target_->allocate(size, want.align);
        } catch (...) { return nullptr; }
#else
        return target_->allocate(size, want.align);
#endif
    }

    void deallocate(void* at, layout given) const noexcept {
        target_->deallocate(at, good_size(given), given.align);
    }

    friend bool operator==(resource_source a, resource_source b) noexcept {
        return a.target_->is_equal(*b.target_);
    }

private:
    std::pmr::memory_resource* target_;
};

static_assert(rounding_policy<resource_source> && !stateless_policy<resource_source>);

} // namespace alloy::inline ALLOY_ABI
