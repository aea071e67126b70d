// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/checkpoint.hpp>
#include <alloy/policy/bump.hpp>

#include "support/unit_test.hpp"

using namespace alloy;

static_assert(!std::copy_constructible<checkpoint<bump<>>> && !std::movable<checkpoint<bump<>>>);
static_assert(!std::convertible_to<bump<>&, checkpoint<bump<>>>);
static_assert(noexcept(checkpoint<bump<>>{std::declval<bump<>&>()}));

BOOST_AUTO_TEST_CASE(ends_what_was_allocated_in_its_scope_and_nothing_older) {
    bump<> arena;
    auto* const older = static_cast<unsigned char*>(arena.allocate({16, 8}));
    *older = 42;
    const void* inner = nullptr;
    {
        const checkpoint scope{arena};
        inner = arena.allocate({16, 8});
    }
    BOOST_TEST(*older == 42);
    BOOST_TEST(arena.allocate({16, 8}) == inner);
}

BOOST_AUTO_TEST_CASE(nests) {
    bump<> arena;
    const void* outer = nullptr;
    const void* inner = nullptr;
    {
        const checkpoint first{arena};
        outer = arena.allocate({4000, 8});
        {
            const checkpoint second{arena};
            inner = arena.allocate({4000, 8}); // in a chunk of its own
        }
        BOOST_TEST(arena.allocate({4000, 8}) == inner);
    }
    BOOST_TEST(arena.allocate({4000, 8}) == outer);
}
