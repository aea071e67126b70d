// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief One thread and containers that are built, used and destroyed, again and again, on a heap
/// where nothing else is.

#include "blocks.hpp"
#include "keyed.hpp"
#include "outcome.hpp"
#include "random.hpp"
#include "repeated.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <vector>

namespace alloy::bench {

/// 100,000 at the back, and one walk.
template <class Allocator>
outcome fresh_list_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t live = 100'000;
    return repeated(asked, live, 3'000'000, [&] {
        std::list<word, rebound<Allocator, word>> made(allocator);
        for (word each = 0; each < live; ++each) { made.push_back(each); }
        return walk(made);
    });
}

/// `Live` keys come in no order and are found in another; half of them go, and the rest is walked:
/// `Times` over.
template <class Container, std::size_t Live, std::uint64_t Times, class Allocator>
outcome fresh_keys_of(const Allocator& allocator, const task& asked) {
    std::vector<word> keys(Live);
    random_numbers random(0);
    for (word& each : keys) { each = random_key(random); }
    const std::vector<word> sought = shuffled(keys);
    return repeated(asked, Live, Times * Live, [&] {
        Container made(allocator);
        for (const word each : keys) { add(made, each); }
        const word found = find_all(made, sought);
        for (std::size_t i = 0; i < Live / 2; ++i) { made.erase(sought[i]); }
        return found + walk(made);
    });
}

/// A window of 1000 messages of 64 bytes slides over 100,000.
template <class Allocator>
outcome fresh_deque_of(const Allocator& allocator, const task& asked) {
    using message = std::array<word, 8>;
    constexpr std::size_t live = 100'000;
    constexpr std::size_t window = 1000;
    return repeated(asked, live, 10'000'000, [&] {
        std::deque<message, rebound<Allocator, message>> made(allocator);
        word sum = 0;
        for (word each = 0; each < live; ++each) {
            made.push_back(message{each});
            if (made.size() > window) {
                sum += made.front().front();
                made.pop_front();
            }
        }
        return sum;
    });
}

/// Grows from nothing to 100,000 numbers.
template <class Allocator>
outcome fresh_vector_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t live = 100'000;
    return repeated(asked, live, 10'000'000, [&] {
        std::vector<word, rebound<Allocator, word>> made(allocator);
        for (word each = 0; each < live; ++each) { made.push_back(each); }
        escape(made.data());
        return made[live / 2];
    });
}

/// 10,000 texts of 20 to 100 characters are made, and each grows by 20.
template <class Allocator>
outcome fresh_strings_of(const Allocator& allocator, const task& asked) {
    using text = std::basic_string<char, std::char_traits<char>, rebound<Allocator, char>>;
    constexpr std::size_t live = 10'000;
    const rebound<Allocator, char> from(allocator);
    std::vector<text> texts;
    texts.reserve(live);
    return repeated(asked, live, 1'500'000, [&] {
        for (std::size_t i = 0; i < live; ++i) { texts.emplace_back(20 + i * 37 % 81, 'a', from); }
        word sum = 0;
        for (text& each : texts) {
            each.append(20, 'b');
            escape(each.data());
            sum += each.size();
        }
        texts.clear();
        return sum;
    });
}

} // namespace alloy::bench
