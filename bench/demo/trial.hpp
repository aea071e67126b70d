// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief One run of the program with one kit: timed, or counted.

#include "answers.hpp"
#include "counted.hpp"
#include "identifier_index.hpp"
#include "measurement.hpp"
#include "processor_time.hpp"
#include "support/memory_in_use.hpp"
#include "work.hpp"

#include <cstddef>
#include <memory>
#include <new>

namespace alloy::bench {

/// Runs every phase; what it finds out goes to `to`, off the clock where there is much of it.
template <class Kit>
measurement timed_trial(sources from, answers& to) {
    using index = identifier_index<typename Kit::allocator_type>;
    measurement result;
    const auto timed = [&](phase which, auto&& action) {
        const double start = processor_time();
        action();
        result.seconds[static_cast<std::size_t>(which)] = processor_time() - start;
    };
    const auto answered = [&](phase which) {
        result.answered[static_cast<std::size_t>(which)] = to.flush();
    };

    // Not a local object: an arena frees an index without running its destructor.
    alignas(index) std::byte storage[sizeof(index)];
    Kit kit;
    const std::int64_t before = resident_bytes();
    index& made = *::new (static_cast<void*>(storage)) index(kit.allocator());

    timed(phase::build, [&] { build(made, from); });
    result.built_bytes = resident_bytes() - before;
    describe(made, to);
    answered(phase::build);
    timed(phase::query, [&] { query(made, from, to); });
    answered(phase::query);
    timed(phase::age, [&] { age(made, from); });
    answered(phase::age);
    timed(phase::walk,
          [&] { walk(made, to); }); // before describe() brings all of it into the cache
    describe(made, to);
    answered(phase::walk);
    timed(phase::free, [&] { kit.free(made); });
    answered(phase::free);
    result.peak_bytes = peak_resident_bytes() - before;
    return result;
}

/// Builds the index once more to see what it asks for; nothing is timed.
template <class Kit>
demand counted_trial(sources from) {
    Kit kit;
    identifier_index<counted<typename Kit::allocator_type>> made(counted{kit.allocator()});
    build(made, from);
    return counted_demand;
}

} // namespace alloy::bench
