// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `ALLOY_ASSERT`: what a caller promised, checked in debug builds.

#include <alloy/core/misuse.hpp>

/// Reports a broken promise as misuse::precondition, and ends the program; nothing where NDEBUG is
/// defined. Define it before any alloy header to reroute it.
#if !defined(ALLOY_ASSERT) && defined(NDEBUG)
#define ALLOY_ASSERT(...) static_cast<void>(0)
#elif !defined(ALLOY_ASSERT)
#define ALLOY_ASSERT(...)                                                                          \
    ((__VA_ARGS__) ? static_cast<void>(0) : ::alloy::detail::broken(__FILE__ ": " #__VA_ARGS__))
#endif
