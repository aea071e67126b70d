// SPDX-License-Identifier: BSL-1.0
//
// Compiled once for each line of contenders.def, with ALLOY_DEMO_ID as the line's name, so that no
// contender's inlining depends on another's.

#include "support/kit.hpp"
#include "support/neutral.hpp"
#include "trial.hpp"

#include <alloy/preset.hpp>

#include <cstddef>
#include <memory>
#include <memory_resource>

namespace alloy::bench {
namespace kits {

#define ALLOY_DEMO_CONTENDER(id, kind, label, remark, ...) using id = __VA_ARGS__;
#include "contenders.def"
#undef ALLOY_DEMO_CONTENDER

} // namespace kits

#define ALLOY_DEMO_RUNS(id)                                                                        \
    measurement timed_##id(sources from, answers& to);                                             \
    measurement timed_##id(sources from, answers& to) { return timed_trial<kits::id>(from, to); }  \
    demand counted_##id(sources from);                                                             \
    demand counted_##id(sources from) { return counted_trial<kits::id>(from); }
#define ALLOY_DEMO_RUNS_OF(id) ALLOY_DEMO_RUNS(id)
ALLOY_DEMO_RUNS_OF(ALLOY_DEMO_ID)

} // namespace alloy::bench
