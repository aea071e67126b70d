// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/type_name.hpp>

#include <alloy/compose/wiped.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "support/unit_test.hpp"

using namespace alloy;

namespace outside {
template <class T>
struct box {};
} // namespace outside

namespace {
struct hidden {};
} // namespace

BOOST_AUTO_TEST_CASE(leaves_out_the_namespaces_that_say_nothing) {
    BOOST_TEST(type_name<hidden> == "hidden");
    BOOST_TEST(type_name<layout> == "layout");
    BOOST_TEST(type_name<wiped<malloc_source>> == "wiped<malloc_source>");
    BOOST_TEST(type_name<outside::box<outside::box<int>>> == "outside::box<outside::box<int>>");
    BOOST_TEST(type_name<wiped<pool16<>>>.starts_with("wiped<pool16<"));
}

BOOST_AUTO_TEST_CASE(leaves_out_the_arguments_on_request) {
    BOOST_TEST(template_name<wiped<pool16<>>> == "wiped");
    BOOST_TEST(template_name<hidden> == "hidden");
}
