// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The `pmr` resources of Boost.Container, and its allocators for nodes.

#include "support/kit.hpp"

#include <boost/container/adaptive_pool.hpp>
#include <boost/container/node_allocator.hpp>
#include <boost/container/pmr/monotonic_buffer_resource.hpp>
#include <boost/container/pmr/polymorphic_allocator.hpp>
#include <boost/container/pmr/synchronized_pool_resource.hpp>
#include <boost/container/pmr/unsynchronized_pool_resource.hpp>

#include <cstddef>

namespace alloy::bench {

template <class Resource>
using boost_pmr_pool = housed<boost::container::pmr::polymorphic_allocator<std::byte>, Resource>;

template <class Resource>
using boost_pmr_arena = dropped<boost::container::pmr::polymorphic_allocator<std::byte>, Resource>;

} // namespace alloy::bench
