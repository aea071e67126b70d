// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::vector: moves and swaps take the handle along, copies do not
#include <alloy/adapt/vector.hpp>

#include <type_traits>

struct opinionated : alloy::new_source {
#if !defined(ALLOY_COMPILE_OK)
    using propagate_on_container_copy_assignment = std::true_type;
#endif
};

alloy::vector<int, opinionated> numbers;
