// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::limit_order_book`: who waits to buy and who to sell.
///
///     bids_    103 -> [ id 7, 20 ] [ id 9, 5 ]     asks_    104 -> [ id 8, 70 ]
///              101 -> [ id 2, 10 ]                          107 -> [ id 1, 30 ] [ id 6, 90 ]

#include "peers/blocks.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <unordered_map>
#include <utility>

namespace alloy::bench {

enum class side : std::uint8_t { buy, sell };

/// Orders by price, the best first, and then by age; and by their numbers.
template <class Allocator>
class limit_order_book {
    struct resting {
        word id;
        word quantity;
    };
    using level = std::list<resting, rebound<Allocator, resting>>;
    template <class Better>
    using levels = std::map<word, level, Better, rebound<Allocator, std::pair<const word, level>>>;

    struct place {
        side in;
        word price;
        typename level::iterator at;
    };

public:
    explicit limit_order_book(const Allocator& allocator)
        : allocator_(allocator), bids_(allocator), asks_(allocator), places_(allocator) {}

    /// Trades what it can at `price` or better; the rest waits. @return What was paid.
    word submit(word id, side in, word price, word quantity) {
        return in == side::buy ? submit(bids_, asks_, {id, quantity}, in, price)
                               : submit(asks_, bids_, {id, quantity}, in, price);
    }

    /// Forgets an order, if it still waits.
    void cancel(word id) {
        const auto found = places_.find(id);
        if (found == places_.end()) { return; }
        const place& gone = found->second;
        if (gone.in == side::buy) {
            remove(bids_, gone);
        } else {
            remove(asks_, gone);
        }
        places_.erase(found);
    }

private:
    template <class Own, class Other>
    word submit(Own& own, Other& other, resting order, side in, word price) {
        word paid = 0;
        while (order.quantity > 0 && !other.empty()) {
            const auto best = other.begin();
            if (other.key_comp()(price, best->first)) { break; }
            resting& first = best->second.front();
            const word traded = std::min(order.quantity, first.quantity);
            paid += traded * best->first;
            order.quantity -= traded;
            first.quantity -= traded;
            if (first.quantity == 0) { cancel(first.id); }
        }
        if (order.quantity > 0) {
            level& all = own.try_emplace(price, level(allocator_)).first->second;
            places_.emplace(order.id, place{in, price, all.insert(all.end(), order)});
        }
        return paid;
    }

    template <class Levels>
    static void remove(Levels& from, const place& gone) {
        const auto found = from.find(gone.price);
        found->second.erase(gone.at);
        if (found->second.empty()) { from.erase(found); }
    }

    Allocator allocator_;
    levels<std::greater<>> bids_;
    levels<std::less<>> asks_;
    std::unordered_map<word, place, std::hash<word>, std::equal_to<>,
                       rebound<Allocator, std::pair<const word, place>>>
        places_;
};

} // namespace alloy::bench
