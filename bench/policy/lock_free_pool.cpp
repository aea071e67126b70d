// SPDX-License-Identifier: BSL-1.0
#include "support/churn.hpp"

#include <alloy/compose/locked.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/lock_free_pool.hpp>

namespace {
constexpr alloy::layout node{48, 8};
} // namespace

void alloy::bench::benchmarks() {
    churn<new_source, one<node>>("new_source");
    churn<locked<freelist<node, new_source, unlimited, 64>>, one<node>>("freelist behind a lock");
    churn<lock_free_pool<node, 40'000>, one<node>>("lock_free_pool");
    churn<growing_lock_free_pool<node>, one<node>>("lock_free_pool that grows");
}
