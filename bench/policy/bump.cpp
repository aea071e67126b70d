// SPDX-License-Identifier: BSL-1.0
#include "support/churn.hpp"

#include <alloy/policy/bump.hpp>

namespace {
constexpr alloy::layout node{48, 8};
} // namespace

void alloy::bench::benchmarks() {
    churn<new_source, one<node>>("new_source");
    churn<bump<>, one<node>>("bump");
}
