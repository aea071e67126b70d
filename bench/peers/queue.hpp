// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Many producers, one consumer, and who releases what is passed.
///
///     producer 1 --make--> [ ring of 1024 ] --.
///     producer 2 --make--> [ ring of 1024 ] --+--> consumer      remote: ends what it has read
///         ^                                   |                  local:  leaves it in its slot,
///         '--- local: ends what is in the slot before it                 for its producer
///
/// The slots are read and written alike in every mode, so what the modes differ by is the
/// allocator's. Both ends tell one another of 64 slots at a time: else each block would wait for
/// the line with their indices to come from the other core, whosever it is.

#include "blocks.hpp"
#include "outcome.hpp"
#include "team.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace alloy::bench {

/// Who ends a block: the consumer, its producer when the slot comes round again, or nobody before
/// the run ends, which shows what passing alone costs.
enum class released : std::uint8_t { remote, local, kept };

/// A bounded queue from one thread to another.
class ring {
public:
    static constexpr std::size_t slots = 1024;
    static constexpr std::size_t some = 64; ///< Slots of which one end tells the other at once.

    /// For the producer: waits for a slot, which still holds what was there before.
    [[nodiscard]] word*& back() noexcept {
        while (tail_ - seen_head_ == slots) {
            seen_head_ = freed_.load(std::memory_order_acquire); // pairs with pop()
            if (tail_ - seen_head_ == slots) { std::this_thread::yield(); }
        }
        return slots_[tail_ % slots];
    }
    void push() noexcept {
        if (++tail_ % some == 0) { publish(); }
    }
    void publish() noexcept { published_.store(tail_, std::memory_order_release); }

    /// For the consumer: the oldest block that it was told of, or null.
    [[nodiscard]] word* front() noexcept {
        if (seen_tail_ == head_) {
            seen_tail_ = published_.load(std::memory_order_acquire); // pairs with publish()
        }
        return seen_tail_ == head_ ? nullptr : slots_[head_ % slots];
    }
    void pop() noexcept {
        if (++head_ % some == 0) { freed_.store(head_, std::memory_order_release); }
    }

private:
    alignas(64) std::uint64_t tail_ = 0; // the producer's line
    std::uint64_t seen_head_ = 0;
    alignas(64) std::uint64_t head_ = 0; // the consumer's
    std::uint64_t seen_tail_ = 0;
    alignas(64) std::atomic<std::uint64_t> published_{0};
    alignas(64) std::atomic<std::uint64_t> freed_{0};
    alignas(64) std::array<word*, slots> slots_{};
};

/// Makes `count` blocks and passes all of them on.
template <released By, class Blocks>
void produce(Blocks& from, ring& to, word first, std::uint64_t count) {
    for (word stamp = first; stamp < first + count; ++stamp) {
        word*& slot = to.back();
        if constexpr (By == released::kept) {
            if (slot != nullptr) {
                *slot = stamp;
                to.push();
                continue;
            }
        }
        if constexpr (By == released::local) {
            if (slot != nullptr) { from.end(slot); }
        }
        slot = from.make(stamp);
        to.push();
    }
    to.publish();
}

/// Reads `count` blocks of all rings, some of each in turn. @return The sum of their stamps.
template <released By, class Blocks>
word consume(Blocks& from, std::vector<ring>& rings, std::uint64_t count) {
    word sum = 0;
    while (count > 0) {
        const std::uint64_t before = count;
        for (ring& each : rings) {
            for (std::size_t taken = 0; taken < ring::some; ++taken) {
                word* const block = each.front();
                if (block == nullptr) { break; }
                sum += *block;
                if constexpr (By == released::remote) { from.end(block); }
                each.pop();
                --count;
            }
        }
        if (count == before) { std::this_thread::yield(); }
    }
    return sum;
}

/// Thread 0 consumes what all others produce. The blocks left in the slots at the end of a mode
/// other than remote go with the process.
template <released By, class Blocks, class Allocator>
outcome queue_of(const Allocator& allocator, const task& asked) {
    const unsigned producers = asked.threads - 1;
    const std::uint64_t each = 250'000 / asked.divisor / producers;
    std::vector<ring> rings(producers);
    team threads(asked.threads);
    const std::uint64_t checksum = threads.run([&](unsigned who) {
        Blocks from(allocator);
        word sum = 0;
        threads.timed(who, [&] {
            if (who == 0) {
                sum = consume<By>(from, rings, each * producers);
            } else {
                produce<By>(from, rings[who - 1], word{who} << 32U, each);
            }
        });
        return sum;
    });
    return {threads.nanoseconds_each(each * producers), checksum};
}

} // namespace alloy::bench
