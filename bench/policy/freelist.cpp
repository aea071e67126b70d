// SPDX-License-Identifier: BSL-1.0
#include "support/churn.hpp"

#include <alloy/policy/freelist.hpp>

namespace {
constexpr alloy::layout node{48, 8};
} // namespace

void alloy::bench::benchmarks() {
    churn<new_source, one<node>>("new_source");
    churn<freelist<node>, one<node>>("freelist");
    churn<freelist<node, new_source, unlimited, 64>, one<node>>("freelist in chunks");
}
