// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A program that reads JSON, and may forget all of it at one blow.

#include "room.hpp"

#include "peers/blocks.hpp"
#include "peers/outcome.hpp"
#include "peers/programs/json_parser.hpp"
#include "peers/programs/json_sample.hpp"
#include "peers/programs/json_value.hpp"
#include "peers/team.hpp"

#include <cstdint>
#include <memory>

namespace alloy::bench {

/// A text is parsed into a tree, which is walked and freed as the kit does it, again and again:
/// what an operation costs is a value's part of it.
template <class Kit>
outcome json_text_of(Kit& home, const task& asked) {
    using allocator_type = typename Kit::allocator_type;
    using json = json_value<allocator_type>;
    const json_sample sample(1'000);
    const std::uint64_t turns = 1 + asked.share(700'000) / sample.values();
    word sum = 0;
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t turn = 0; turn < turns; ++turn) {
            room<json> of;
            json_parser<allocator_type> parser(sample.text(), home.allocator());
            json& document = *std::construct_at(&of.object, parser.parse());
            escape(&document);
            sum += sum_of(document);
            home.free(document);
        }
    });
    return {alone.nanoseconds_each(turns * sample.values()), sum};
}

} // namespace alloy::bench
