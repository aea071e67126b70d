// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/ability.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/source/malloc.hpp>

#include "support/conformance.hpp"

#include <algorithm>
#include <cstring>

using namespace alloy;

static_assert(policy<malloc_source> && stateless_policy<malloc_source> &&
              zeroing_policy<malloc_source>);
static_assert(!(rounding_policy<malloc_source> || resizing_policy<malloc_source> ||
                batching_policy<malloc_source> || measuring_policy<malloc_source> ||
                trimming_policy<malloc_source> || owning_policy<malloc_source>));
static_assert(thread_safe_v<malloc_source> && migratory_v<malloc_source> &&
              !zero_fresh_v<malloc_source>);

constinit malloc_source before_main;

#if defined(ALLOY_HAS_ASAN)
/// A request that is too large is a failure here, not a bug.
extern "C" const char* __asan_default_options(); // NOLINT(bugprone-reserved-identifier)
const char* __asan_default_options() { return "allocator_may_return_null=1"; } // NOLINT
#endif

BOOST_AUTO_TEST_CASE(conforms) {
    malloc_source source;
    test::conformance(source, {200, 64});
    test::never_misaligned(source);
}

BOOST_AUTO_TEST_CASE(aligns_beyond_a_page) {
    for (std::size_t align = 1; align <= 1U << 20U; align *= 2) {
        for (const std::size_t size : {std::size_t{1}, align - 1 + (align == 1), align + 1}) {
            for (const bool zeroed : {false, true}) {
                void* const at = zeroed ? malloc_source::allocate_zeroed({size, align})
                                        : malloc_source::allocate({size, align});
                BOOST_TEST(detail::is_aligned(at, align));
                malloc_source::deallocate(at, {size, align});
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(clears_memory_that_was_used_before) {
    for (const std::size_t align : {8U, 64U}) {
        for (int i = 0; i < 100; ++i) {
            void* const dirty = malloc_source::allocate({200, align});
            std::memset(dirty, 255, 200);
            malloc_source::deallocate(dirty, {200, align});
            auto* const at =
                static_cast<unsigned char*>(malloc_source::allocate_zeroed({200, align}));
            BOOST_TEST_REQUIRE(std::count(at, at + 200, 0) == 200);
            malloc_source::deallocate(at, {200, align});
        }
    }
}

BOOST_AUTO_TEST_CASE(refuses_what_no_memory_holds) {
    for (std::size_t align = 1; align != 0; align *= 2) {
        for (const std::size_t size : {any_size - 1, any_size, any_size + 1, SIZE_MAX}) {
            BOOST_TEST(malloc_source::allocate({size, align}) == nullptr);
            BOOST_TEST(malloc_source::allocate_zeroed({size, align}) == nullptr);
        }
    }
    BOOST_TEST(malloc_source::allocate({1, any_align}) == nullptr);
}
