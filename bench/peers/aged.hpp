// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief One thread and containers whose nodes lie where a heap in long use has put them.

#include "blocks.hpp"
#include "fill.hpp"
#include "keyed.hpp"
#include "outcome.hpp"
#include "random.hpp"
#include "repeated.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <vector>

namespace alloy::bench {

/// Fills `made` with `live` elements by `insert`, which returns an iterator, and replaces random
/// ones, each twenty times on average. @return Where they are.
template <class Container, class Insert>
auto age(Container& made, std::size_t live, const task& asked, Insert insert) {
    std::vector<typename Container::iterator> places(live);
    for (auto& each : places) { each = insert(); }
    random_numbers random(0);
    for (std::uint64_t left = asked.share(20 * live); left > 0; --left) {
        auto& place = places[random.below(live)];
        made.erase(place);
        place = insert();
    }
    return places;
}

/// Ages a map. @return Its keys in no order.
template <class Map>
std::vector<word> age_keys(Map& made, std::size_t live, const task& asked) {
    random_numbers random(1);
    std::vector<word> keys;
    for (const auto& each : age(made, live, asked, [&] { return add(made, random_key(random)); })) {
        keys.push_back(key_of(*each));
    }
    return shuffled(keys);
}

/// A list of 100,000 whose elements were replaced at random is walked.
template <class Allocator>
outcome aged_walk_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t live = 100'000;
    std::list<word, rebound<Allocator, word>> made(allocator);
    word next = 0;
    age(made, live, asked, [&] { return made.insert(made.end(), next++); });
    return repeated(asked, live, 5'000'000, [&] { return walk(made); });
}

/// All keys of a tree of 100,000 that were replaced at random are looked for.
template <class Allocator>
outcome aged_search_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t live = 100'000;
    tree_map<Allocator> made(allocator);
    const std::vector<word> keys = age_keys(made, live, asked);
    return repeated(asked, live, 300'000, [&] { return find_all(made, keys); });
}

/// The same with a hash table, which is walked as well.
template <class Allocator>
outcome aged_hash_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t live = 100'000;
    hash_map<Allocator> made(allocator);
    made.reserve(live);
    const std::vector<word> keys = age_keys(made, live, asked);
    return repeated(asked, live, 1'500'000, [&] { return find_all(made, keys) + walk(made); });
}

/// A new list of 100,000 is walked, which lies among what is left of 200,000 blocks of 16 to 128
/// bytes, a random quarter.
template <class Allocator>
outcome littered_walk_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t live = 100'000;
    arrays<Allocator> from(allocator);
    std::vector<word*> litter(2 * live);
    for (std::size_t i = 0; i < litter.size(); ++i) { litter[i] = from.make(i); }
    const std::vector<std::uint32_t> last = endings<order::shuffled>(litter.size());
    const std::span<const std::uint32_t> all(last);
    const std::size_t gone = last.size() / 4 * 3;
    for (const std::uint32_t each : all.first(gone)) { from.end(litter[each]); }
    std::list<word, rebound<Allocator, word>> made(allocator);
    for (word each = 0; each < live; ++each) { made.push_back(each); }
    const outcome found = repeated(asked, live, 10'000'000, [&] { return walk(made); });
    for (const std::uint32_t each : all.subspan(gone)) { from.end(litter[each]); }
    return found;
}

} // namespace alloy::bench
