// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What many small objects cost in memory, of 33 sizes, each size a type of its own.
///
///     make all --> peak --> end nine tenths --> after --> end the rest --> returned

#include "blocks.hpp"
#include "outcome.hpp"
#include "random.hpp"
#include "support/memory_in_use.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace alloy::bench {

/// In steps of 8, 24, 40 and 88 bytes, so that every other one is no multiple of 16.
inline constexpr std::array<std::size_t, 33> footprint_sizes{
    8,   16,  24,  32,  40,  48,  56,  64,  72,  80,  88,  96,  104, 112, 120, 128, 152,
    176, 200, 224, 248, 288, 328, 368, 408, 448, 488, 576, 664, 752, 840, 928, 1016};

/// Blocks of all sizes, as many bytes of each.
template <class Allocator>
class crowd {
public:
    crowd(const Allocator& from, std::uint64_t bytes_each) : from_(from) {
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            blocks_[i].assign(bytes_each / footprint_sizes[i], nullptr); // resident from now on
        }
        before_ = resident_bytes();
    }

    void make() {
        each_size([&](auto from, std::vector<word*>& blocks) {
            for (word*& each : blocks) { each = from.make(blocks.size()); }
            live_ += blocks.size() * from.bytes;
        });
    }

    /// Ends those of which `goes()`. @return The sum of their stamps.
    template <class Predicate>
    word end(Predicate goes) {
        word sum = 0;
        each_size([&](auto from, std::vector<word*>& blocks) {
            for (word*& each : blocks) {
                if (each == nullptr || !goes()) { continue; }
                sum += from.end(std::exchange(each, nullptr));
                live_ -= from.bytes;
            }
        });
        return sum;
    }
    word end() {
        return end([] { return true; });
    }

    /// Bytes in blocks.
    [[nodiscard]] double live() const noexcept { return static_cast<double>(live_); }

    /// Bytes that the process has grown by; the kernel's count is not exact to a MiB.
    [[nodiscard]] double grown() const {
        constexpr std::int64_t exactness = std::int64_t{1} << 20U;
        return static_cast<double>(std::max(resident_bytes() - before_, exactness));
    }

private:
    template <class Work>
    void each_size(Work work) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (work(nodes<Allocator, footprint_sizes[I]>(from_), blocks_[I]), ...);
        }(std::make_index_sequence<footprint_sizes.size()>());
    }

    Allocator from_;
    std::array<std::vector<word*>, footprint_sizes.size()> blocks_;
    std::uint64_t live_ = 0;
    std::int64_t before_ = 0;
};

/// What a full run keeps live of each size.
inline constexpr std::uint64_t footprint_bytes = std::uint64_t{4} << 20U;

/// Memory over live bytes when all blocks are there.
template <class Allocator>
outcome footprint_peak_of(const Allocator& allocator, const task& asked) {
    crowd<Allocator> all(allocator, asked.share(footprint_bytes));
    all.make();
    const double value = all.grown() / all.live();
    return {value, all.end()};
}

/// The same when a random tenth of them is left.
template <class Allocator>
outcome footprint_after_of(const Allocator& allocator, const task& asked) {
    crowd<Allocator> all(allocator, asked.share(footprint_bytes));
    all.make();
    random_numbers random(0);
    const word ended = all.end([&] { return random.below(10) != 0; });
    const double value = all.grown() / all.live();
    return {value, ended + all.end()};
}

/// What is kept of the memory when no block is left, over what it was with all of them.
template <class Allocator>
outcome footprint_returned_of(const Allocator& allocator, const task& asked) {
    crowd<Allocator> all(allocator, asked.share(footprint_bytes));
    all.make();
    const double most = all.grown();
    const word ended = all.end();
    return {all.grown() / most, ended};
}

} // namespace alloy::bench
