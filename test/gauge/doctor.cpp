// SPDX-License-Identifier: BSL-1.0
#include <alloy/gauge/doctor.hpp>

#include <alloy/gauge/observe.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "support/unit_test.hpp"

#include <vector>

using namespace alloy;

namespace {

diagnosis of(byte_split bytes) {
    bytes.taken = bytes.sum();
    return doctor(bytes);
}

bool says(const diagnosis& all, std::string_view what) {
    return all.finding.find(what) != all.finding.npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(finds_nothing_where_there_is_nothing_to_find) {
    BOOST_TEST(of({}).healthy);
    BOOST_TEST(of({}).finding == "Nothing is taken.");
    const diagnosis well = of({.requested = 950, .rounding = 50});
    BOOST_TEST(well.healthy);
    BOOST_TEST(well.finding == "Of 1000 bytes, 95 % are what was asked for.");
}

BOOST_AUTO_TEST_CASE(names_each_part_that_takes_too_much) {
    const auto sick = [](byte_split bytes, std::string_view part, std::string_view advice) {
        const diagnosis all = of(bytes);
        BOOST_TEST(!all.healthy, part);
        BOOST_TEST(says(all, part), all.finding);
        BOOST_TEST((all.advice.find(advice) != all.advice.npos), advice);
    };
    sick({.requested = 700, .rounding = 300}, "30 % are rounding.", "best_classes");
    sick({.requested = 500, .gaps = 500}, "50 % are padding", "Reset");
    sick({.requested = 700, .metadata = 300}, "30 % are metadata.", "larger chunks");
    sick({.requested = 300, .cached = 700}, "70 % are cached.", "trim()");
    sick({.requested = 500, .trapped = 500}, "50 % are free, but trapped", "bitmap");
    sick({.requested = 100, .fresh = 900}, "90 % are not used so far.", "smaller chunks");
}

BOOST_AUTO_TEST_CASE(names_the_worst_of_several) {
    const diagnosis all = of({.requested = 100, .rounding = 200, .cached = 700});
    BOOST_TEST(says(all, "70 % are cached."), all.finding);
}

BOOST_AUTO_TEST_CASE(a_share_is_tolerable_up_to_its_limit) {
    BOOST_TEST(of({.requested = 88000, .rounding = 12000}).healthy);
    BOOST_TEST(!of({.requested = 87000, .rounding = 13000}).healthy);
}

BOOST_AUTO_TEST_CASE(asks_for_gauges_where_bytes_are_unknown) {
    const auto knows_too_little = [](auto&& pool) {
        const diagnosis all = doctor(observe(pool));
        BOOST_TEST(!all.healthy);
        BOOST_TEST(all.finding == "Not all bytes are known.");
    };
    constexpr counted_options in_bytes{.reads = gauge::bytes};
    knows_too_little(pool16<malloc_source>{});
    knows_too_little(pool16<counted<malloc_source, in_bytes>>{});
    knows_too_little(counted<pool16<malloc_source>, in_bytes>{});
}

BOOST_AUTO_TEST_CASE(sees_a_pool_that_was_emptied) {
    counted<pool16<counted<malloc_source, counted_options{.reads = gauge::bytes}>>,
            counted_options{.reads = gauge::bytes}>
        pool;
    std::vector<void*> blocks;
    for (int i = 0; i < 1000; ++i) { blocks.push_back(pool.allocate({120, 8})); }
    BOOST_TEST(doctor(observe(pool)).healthy);
    for (void* const each : blocks) { pool.deallocate(each, {120, 8}); }
    BOOST_TEST(says(doctor(observe(pool)), "% are cached."));
}
