// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::counted`: an allocator that also counts what is asked of it.
///
/// As big as the allocator it wraps, so that the containers and their nodes stay as big as without.
/// Never part of a timed run.

#include "measurement.hpp"

#include <cstddef>
#include <memory>

namespace alloy::bench {

/// The live requests of the process.
inline demand counted_demand;

/// Forwards to `Allocator`.
template <class Allocator>
class counted {
    using traits = std::allocator_traits<Allocator>;
    template <class>
    friend class counted;

public:
    using value_type = typename traits::value_type;
    using propagate_on_container_copy_assignment =
        typename traits::propagate_on_container_copy_assignment;
    using propagate_on_container_move_assignment =
        typename traits::propagate_on_container_move_assignment;
    using propagate_on_container_swap = typename traits::propagate_on_container_swap;
    using is_always_equal = typename traits::is_always_equal;

    template <class U>
    struct rebind {
        using other = counted<typename traits::template rebind_alloc<U>>;
    };

    explicit counted(const Allocator& inner) noexcept : inner_(inner) {}

    template <class Other>
    counted(const counted<Other>& of) noexcept : inner_(of.inner_) {}

    [[nodiscard]] value_type* allocate(std::size_t n) {
        value_type* const at = traits::allocate(inner_, n);
        ++counted_demand.blocks;
        counted_demand.bytes += static_cast<std::int64_t>(n * sizeof(value_type));
        return at;
    }

    void deallocate(value_type* at, std::size_t n) noexcept {
        traits::deallocate(inner_, at, n);
        --counted_demand.blocks;
        counted_demand.bytes -= static_cast<std::int64_t>(n * sizeof(value_type));
    }

    friend bool operator==(const counted& a, const counted& b) noexcept {
        return a.inner_ == b.inner_;
    }

private:
    [[no_unique_address]] Allocator inner_;
};

} // namespace alloy::bench
