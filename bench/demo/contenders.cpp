// SPDX-License-Identifier: BSL-1.0

#include "contender.hpp"

#include <array>

namespace alloy::bench {

#define ALLOY_DEMO_CONTENDER(id, ...)                                                              \
    measurement timed_##id(sources, answers&);                                                     \
    demand counted_##id(sources);
#include "contenders.def"
#undef ALLOY_DEMO_CONTENDER

std::span<const contender> contenders() {
#define ALLOY_DEMO_CONTENDER(id, kind, label, remark, ...)                                         \
    contender{label, remark, role::kind, &timed_##id, &counted_##id},
    static constexpr auto all = std::to_array<contender>({
#include "contenders.def"
    });
#undef ALLOY_DEMO_CONTENDER
    return all;
}

} // namespace alloy::bench
