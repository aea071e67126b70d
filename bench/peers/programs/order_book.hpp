// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A program that runs an exchange.

#include "limit_order_book.hpp"

#include "peers/blocks.hpp"
#include "peers/outcome.hpp"
#include "peers/random.hpp"
#include "peers/team.hpp"

#include <cstdint>

namespace alloy::bench {

/// Orders come, most of them close to a price that moves, and are cancelled: by chance, or when 32
/// Ki others have come. An operation is one or the other.
template <class Allocator>
outcome order_book_of(const Allocator& allocator, const task& asked) {
    const std::uint64_t messages = asked.share(1'200'000);
    constexpr word longest = 32'768;
    limit_order_book<Allocator> book(allocator);
    random_numbers random(0);
    word middle = word{1} << 32U;
    word last = longest;
    word paid = 0;
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t message = 0; message < messages; ++message) {
            if (random.below(5) < 2) {
                book.cancel(last - random.below(longest));
                continue;
            }
            book.cancel(++last - longest);
            middle = middle - 1 + random.below(3);
            const word away = random.below(word{2} << random.below(10));
            const word quantity = 1 + random.below(100);
            paid += random.below(2) == 0
                        ? book.submit(last, side::buy, middle + 4 - away, quantity)
                        : book.submit(last, side::sell, middle - 4 + away, quantity);
        }
    });
    return {alone.nanoseconds_each(messages), paid};
}

} // namespace alloy::bench
