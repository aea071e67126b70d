// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::reached`: a handle that forgets of which type its policy is.

#include <alloy/core/handle.hpp>

#include <concepts>
#include <cstddef>

namespace alloy::test {

/// A handle for any policy, so that the programs are compiled once for all of them.
class reached {
public:
    static constexpr std::size_t max_align = 64;

    template <policy P>
        requires(!std::same_as<P, reached>)
    explicit reached(P& target) noexcept
        : target_(&target),
          take_([](void* p, layout want) noexcept { return static_cast<P*>(p)->allocate(want); }),
          give_([](void* p, void* at, layout given) noexcept {
              static_cast<P*>(p)->deallocate(at, given);
          }),
          size_([](void* p, layout want) noexcept {
              return alloy::good_size(*static_cast<P*>(p), want);
          }) {}

    [[nodiscard]] void* allocate(layout want) const noexcept { return take_(target_, want); }
    void deallocate(void* at, layout given) const noexcept { give_(target_, at, given); }
    [[nodiscard]] std::size_t good_size(layout want) const noexcept { return size_(target_, want); }
    friend bool operator==(const reached& a, const reached& b) noexcept {
        return a.target_ == b.target_;
    }

private:
    void* target_;
    void* (*take_)(void*, layout) noexcept;
    void (*give_)(void*, void*, layout) noexcept;
    std::size_t (*size_)(void*, layout) noexcept;
};
static_assert(handle_policy<reached> && rounding_policy<reached>);

} // namespace alloy::test
