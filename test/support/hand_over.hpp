// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::hand_over`: threads that allocate, trade and release stamped blocks.
///
///     thread 0   [ own blocks ] <---> [ boxes ] <---> [ own blocks ]   thread 1
///
/// A block says in all of its bytes whose it is. Whoever trades or releases one looks at them
/// first, so that a block with two owners does not stay unnoticed.

#include <alloy/core/policy.hpp>

#include "soak/soak.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

namespace alloy::test {

/// How much is to be done, and with what.
struct hand_over_options {
    layout largest{128, 16};        ///< Requests fit in it, and are of 16 bytes at least.
    unsigned threads = 2;           ///< At work at once.
    std::uint64_t operations = 100; ///< Of all threads together.
};

/// What came of it.
struct hand_over_result {
    std::uint64_t operations = 0; ///< Requests that were met, and releases.
    std::uint64_t refused = 0;    ///< Requests that were not.
    std::uint64_t faults = 0;     ///< Blocks misaligned, or not as their owner left them.
};

/// @tparam P Safe in threads.
template <policy P>
class hand_over {
    /// The first bytes of a block; each other one is the last of its owner.
    struct stamp {
        std::uint64_t owner; // a number for each time that a thread comes to own a block
        std::uint32_t check; // of owner and address
        std::uint16_t size;
        std::uint16_t align;
    };
    static_assert(sizeof(stamp) == 16);

public:
    hand_over(P& place, hand_over_options options) : place_(place), options_(options) {}

    /// Does it all, and releases every block.
    [[nodiscard]] hand_over_result run() {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < options_.threads; ++i) {
            threads.emplace_back([this, i] { work(i); });
        }
        for (std::thread& each : threads) { each.join(); }
        for (std::atomic<unsigned char*>& each : boxes_) { release(each.exchange(nullptr), sum_); }
        return sum_;
    }

private:
    void work(unsigned thread) {
        hand_over_result mine;
        std::array<unsigned char*, 48> own{};
        std::uint64_t owner = std::uint64_t{thread} << 48U;
        dice random(seed(), thread);
        const std::uint64_t share = options_.operations / options_.threads;
        while (mine.operations + mine.refused < share) {
            unsigned char*& slot = own[random.below(own.size())];
            if (random.below(4) == 0) {
                if (slot != nullptr) { inspect(slot, mine); }
                auto& box = boxes_[random.below(boxes_.size())];
                slot = box.exchange(slot, std::memory_order_acq_rel);
                if (slot != nullptr && inspect(slot, mine)) { put_stamp(slot, owner++); }
            } else if (slot == nullptr) {
                slot = request(random, owner++, mine);
            } else {
                release(slot, mine);
                slot = nullptr;
            }
        }
        for (unsigned char* each : own) { release(each, mine); }
        const std::scoped_lock hold(mutex_);
        sum_.operations += mine.operations;
        sum_.refused += mine.refused;
        sum_.faults += mine.faults;
    }

    unsigned char* request(dice& random, std::uint64_t owner, hand_over_result& mine) {
        const layout most = options_.largest;
        const auto aligns = static_cast<std::size_t>(std::bit_width(most.align));
        const layout want{sizeof(stamp) + random.below(most.size - sizeof(stamp) + 1),
                          std::size_t{1} << random.below(aligns)};
        auto* const at = static_cast<unsigned char*>(place_.allocate(want));
        if (at == nullptr) {
            ++mine.refused;
            return nullptr;
        }
        ++mine.operations;
        if (std::bit_cast<std::uintptr_t>(at) % want.align != 0) { ++mine.faults; }
        const stamp fresh{owner, 0, static_cast<std::uint16_t>(want.size),
                          static_cast<std::uint16_t>(want.align)};
        std::memcpy(at, &fresh, sizeof fresh);
        put_stamp(at, owner);
        return at;
    }

    void release(unsigned char* at, hand_over_result& mine) {
        if (at == nullptr || !inspect(at, mine)) { return; }
        const stamp last = stamp_of(at);
        place_.deallocate(at, {last.size, last.align});
        ++mine.operations;
    }

    static stamp stamp_of(const unsigned char* at) {
        stamp copy;
        std::memcpy(&copy, at, sizeof copy);
        return copy;
    }

    static std::uint32_t check_of(const unsigned char* at, std::uint64_t owner) {
        return static_cast<std::uint32_t>(
            detail::scattered(std::bit_cast<std::uintptr_t>(at) + owner));
    }

    static void put_stamp(unsigned char* at, std::uint64_t owner) {
        stamp now = stamp_of(at);
        now.owner = owner;
        now.check = check_of(at, owner);
        std::memcpy(at, &now, sizeof now);
        std::memset(at + sizeof now, static_cast<int>(owner & 0xFFU), now.size - sizeof now);
    }

    /// @return True if the block is as its owner left it.
    static bool inspect(const unsigned char* at, hand_over_result& mine) {
        const stamp found = stamp_of(at);
        bool good = found.check == check_of(at, found.owner);
        for (std::size_t i = sizeof found; good && i < found.size; ++i) {
            good = at[i] == (found.owner & 0xFFU);
        }
        mine.faults += good ? 0 : 1;
        return good;
    }

    P& place_;
    hand_over_options options_;
    std::array<std::atomic<unsigned char*>, 64> boxes_{};
    std::mutex mutex_;
    hand_over_result sum_;
};

} // namespace alloy::test
