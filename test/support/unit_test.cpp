// SPDX-License-Identifier: BSL-1.0
// The main() of every test, and, where no binary of Boost.Test fits, the framework itself.
#include "unit_test.hpp"

#if defined(ALLOY_TEST_SHARED_BOOST)
int main(int argc, char* argv[]) {
    return boost::unit_test::unit_test_main([] { return true; }, argc, argv);
}
#else
#include <boost/test/included/unit_test.hpp> // which calls this
boost::unit_test::test_suite* init_unit_test_suite(int, char*[]) { return nullptr; }
#endif
