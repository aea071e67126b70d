// SPDX-License-Identifier: BSL-1.0
#include "support/churn.hpp"

#include <alloy/policy/buddy.hpp>
#include <alloy/source/new.hpp>

void alloy::bench::benchmarks() {
    using sizes = mixed<64, 4096>;
    churn<new_source, sizes>("new_source, 64 to 4096");
    churn<buddy<>, sizes>("buddy, 64 to 4096");
}
