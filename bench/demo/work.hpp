// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What the demo does with an index: the same work for every allocator.

#include "answers.hpp"
#include "source.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <span>
#include <string_view>
#include <vector>

namespace alloy::bench {

template <class Index>
void build(Index& index, sources from) {
    for (const source& each : from) { index.add(each); }
}

/// Asks as an editor would: who uses the name, on which lines of the first file that does, and how
/// can it be completed.
template <class Index>
void query(const Index& index, sources from, answers& to) {
    constexpr std::size_t stride = 997;
    constexpr std::size_t completions = 8;
    std::size_t next = 0;
    for (const source& each : from) {
        for (; next < each.tokens.size(); next += stride) {
            const token& asked = each.tokens[next];
            const std::string_view text = each.spelling(asked);
            const auto& uses = *index.find(text, asked.hash);
            std::uint64_t places = 0;
            for (const auto* use : uses) { places += use->count; }
            to.number(uses.size());
            to.number(places);
            for (const auto& mention : uses.front()->in->second.mentions) {
                if (mention.of == uses.front()) { to.number(mention.line); }
            }
            for (const auto& found : index.complete(text.substr(0, 3), completions)) {
                to.text(found);
            }
        }
        next -= each.tokens.size();
    }
}

/// Takes half of the files away and adds them again in another order, over and over.
template <class Index>
void age(Index& index, sources from) {
    constexpr int rounds = 3;
    std::mt19937 random(1);
    std::vector<std::size_t> order(from.size());
    std::iota(order.begin(), order.end(), 0);
    for (int round = 0; round < rounds; ++round) {
        std::shuffle(order.begin(), order.end(), random);
        const std::span half(order.begin(), (order.size() + 1) / 2);
        for (const std::size_t each : half) { index.remove(from[each].path); }
        std::shuffle(half.begin(), half.end(), random);
        for (const std::size_t each : half) { index.add(from[each]); }
    }
}

/// Reads every mention in the order of the text: how much each file shares with the others.
template <class Index>
void walk(const Index& index, answers& to) {
    index.for_each_file([&](const auto& file) {
        std::uint64_t mentions = 0;
        std::uint64_t repeated = 0;
        std::uint64_t shared = 0;
        for (const auto& mention : file.second.mentions) {
            ++mentions;
            repeated += std::uint64_t{mention.of->count > 1};
            shared += std::uint64_t{mention.of->of->second.size() > 1};
        }
        to.number(mentions);
        to.number(repeated);
        to.number(shared);
    });
}

/// Writes down all that the index holds.
template <class Index>
void describe(const Index& index, answers& to) {
    index.for_each_name([&](const auto& name) {
        to.text(name.first);
        for (const auto* use : name.second) {
            to.text(use->in->first);
            to.number(use->count);
        }
    });
    index.for_each_file([&](const auto& file) {
        to.text(file.first);
        for (const auto& mention : file.second.mentions) {
            to.number(mention.line);
            to.number(mention.offset);
            to.number(mention.of->of->second.size());
        }
    });
}

} // namespace alloy::bench
