// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Boost.Test, the way this build links it; tests include this and nothing of Boost's own.
///
/// The build says which: Debian's shared library belongs to plain libstdc++; for others the
/// framework is compiled from its headers (support/unit_test.cpp) and linked statically.

#if defined(ALLOY_TEST_SHARED_BOOST)
#define BOOST_TEST_DYN_LINK
#endif

#include <iterator> // with debug iterators, libstdc++ 12's shrink_to_fit wants it before <string>

#include <boost/test/unit_test.hpp>
