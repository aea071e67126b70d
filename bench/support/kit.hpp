// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Kits: how a contender's allocator is come by, and how an index made with it is freed.

#include <cstddef>
#include <memory>
#include <memory_resource>

namespace alloy::bench {

/// An allocator without state.
template <class Allocator>
struct stateless {
    using allocator_type = Allocator;

    [[nodiscard]] allocator_type allocator() const noexcept { return {}; }

    template <class Index>
    void free(Index& index) noexcept {
        std::destroy_at(&index);
    }
};

/// An allocator that refers to a `Home` of its own.
template <class Allocator, class Home>
class housed {
public:
    using allocator_type = Allocator;

    [[nodiscard]] allocator_type allocator() noexcept {
        if constexpr (requires(Home& home) { Allocator{&home}; }) {
            return Allocator{&home_};
        } else {
            return Allocator{home_};
        }
    }

    template <class Index>
    void free(Index& index) noexcept {
        std::destroy_at(&index);
    }

protected:
    Home home_;
};

/// The same, freed at one blow: the whole index lies in the `Home`, so no destructor needs to run.
template <class Allocator, class Home>
class dropped : public housed<Allocator, Home> {
public:
    template <class Index>
    void free(Index& /*dropped*/) noexcept {
        if constexpr (requires { this->home_.reset(); }) {
            this->home_.reset(); // keeps its memory for the next index, as every pool does
        } else {
            this->home_.release();
        }
    }
};

/// A `std::pmr` resource that keeps lists of free blocks.
template <class Resource>
using pmr_pool = housed<std::pmr::polymorphic_allocator<std::byte>, Resource>;

/// A `std::pmr` resource that frees everything together.
template <class Resource>
using pmr_arena = dropped<std::pmr::polymorphic_allocator<std::byte>, Resource>;

} // namespace alloy::bench
