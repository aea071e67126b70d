// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A program that reads JSON.

#include "json_parser.hpp"
#include "json_sample.hpp"
#include "json_value.hpp"

#include "peers/blocks.hpp"
#include "peers/outcome.hpp"
#include "peers/team.hpp"

#include <cstdint>

namespace alloy::bench {

/// A text is parsed into a tree, which is walked and destroyed, again and again: what an operation
/// costs is a value's part of it.
template <class Allocator>
outcome json_document_of(const Allocator& allocator, const task& asked) {
    const json_sample sample(1'000);
    const std::uint64_t turns = 1 + asked.share(700'000) / sample.values();
    word sum = 0;
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t turn = 0; turn < turns; ++turn) {
            const json_value<Allocator> document =
                json_parser<Allocator>(sample.text(), allocator).parse();
            escape(&document);
            sum += sum_of(document);
        }
    });
    return {alone.nanoseconds_each(turns * sample.values()), sum};
}

} // namespace alloy::bench
