// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Code of the library's users with each request refused in turn: what it shares.

#include <alloy/check/each_failure.hpp>

#include "unit_test.hpp"

#include <cstddef>

namespace alloy::test {

using memory_ref = ref<failing_source>;

/// The memory of the run, for what reaches its policy without state.
struct lent {
    static inline failing_source* memory = nullptr;
    static constexpr std::size_t max_align = failing_source::max_align;
    static constexpr bool thread_safe = true; // as one thread alone uses it
    [[nodiscard]] static void* allocate(layout want) noexcept { return memory->allocate(want); }
    static void deallocate(void* at, layout given) noexcept { memory->deallocate(at, given); }
};

/// Calls `run` with a ref to a `Policy` over the memory of each run, at least `points` times.
template <class Policy = memory_ref, class Run>
void survives(std::size_t points, Run run) {
    const failure_report found = for_each_failure([&](failing_source& memory) {
        lent::memory = &memory;
        Policy own(memory);
        run(ref{own});
    });
    BOOST_TEST((found.ok() && found.points >= points), found.text());
}

/// Makes a change, which may throw std::bad_alloc if memory is refused. @return True if it did not.
bool granted(auto change) {
    const std::size_t before = lent::memory->failures();
    const detail::ending end = detail::ending_of(change);
    const bool refused = end == detail::ending::bad_alloc && lent::memory->failures() > before;
    BOOST_TEST((refused || end == detail::ending::value));
    return !refused;
}

} // namespace alloy::test
