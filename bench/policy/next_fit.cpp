// SPDX-License-Identifier: BSL-1.0
#include "support/churn.hpp"

#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/next_fit.hpp>
#include <alloy/source/new.hpp>

namespace {
constexpr alloy::layout node{48, 8};
} // namespace

void alloy::bench::benchmarks() {
    churn<new_source, one<node>>("new_source");
    churn<bitmap<node>, one<node>>("bitmap");
    churn<next_fit<node>, one<node>>("next_fit");
}
