// SPDX-License-Identifier: BSL-1.0
#include "support/churn.hpp"

#include <alloy/policy/pool16.hpp>
#include <alloy/source/new.hpp>

void alloy::bench::benchmarks() {
    using sizes = mixed<1, 128>;
    churn<new_source, one<layout{48, 8}>>("new_source, 48 bytes");
    churn<pool16<>, one<layout{48, 8}>>("pool16, 48 bytes");
    churn<new_source, sizes>("new_source, 1 to 128");
    churn<pool16<>, sizes>("pool16, 1 to 128");
}
