// SPDX-License-Identifier: BSL-1.0
// The whole framework with its main(), once for all tests of a standard library that has no binary.
#include <boost/test/included/unit_test.hpp>
