// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp" // first: it says where an assertion leads

#include <alloy/core/ability.hpp>
#include <alloy/source/null.hpp>

#include "support/unit_test.hpp"

using namespace alloy;

static_assert(policy<null_source> && stateless_policy<null_source> && owning_policy<null_source>);
static_assert(!(rounding_policy<null_source> || resizing_policy<null_source> ||
                zeroing_policy<null_source> || batching_policy<null_source> ||
                measuring_policy<null_source> || trimming_policy<null_source>));
static_assert(thread_safe_v<null_source> && migratory_v<null_source> &&
              !zero_fresh_v<null_source> && max_size_v<null_source> == 0);
static_assert(null_source::allocate({1, 1}) == nullptr, "even in a constant expression");

constinit null_source before_main;

BOOST_AUTO_TEST_CASE(refuses_every_request) {
    for (std::size_t align = 1; align != 0; align *= 2) {
        for (const std::size_t size : {std::size_t{1}, std::size_t{4096}, any_size, SIZE_MAX}) {
            BOOST_TEST(before_main.allocate({size, align}) == nullptr);
        }
    }
}

BOOST_AUTO_TEST_CASE(owns_nothing) {
    BOOST_TEST(!before_main.owns(nullptr));
    BOOST_TEST(!before_main.owns(&before_main));
}

BOOST_AUTO_TEST_CASE(is_like_any_other_instance) { BOOST_TEST((null_source{} == before_main)); }

BOOST_AUTO_TEST_CASE(takes_back_null_alone) {
    before_main.deallocate(nullptr, {1, 1});
    BOOST_TEST(test::dies([] { before_main.deallocate(&before_main, {1, 1}); }));
}
