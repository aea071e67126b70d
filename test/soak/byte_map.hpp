// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::byte_map`: which bytes are in use, anywhere in the address space.
///
///     cells_   [ - | 0x7f3a08 : 1110011100... | - | ... ]       address / 64, and a bit a byte
///
/// Cells are found by hashing; one whose bits are all zero is forgotten when the table fills up.

#include <alloy/core/bits.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace alloy::test {

/// The bytes of live blocks.
class byte_map {
public:
    /// False if one of them is taken.
    [[nodiscard]] bool claim(const void* at, std::size_t bytes) {
        bool vacant = true;
        each_word(at, bytes, [&](std::uint64_t& word, std::uint64_t mask) {
            vacant = vacant && (word & mask) == 0;
            word |= mask;
        });
        return vacant;
    }
    void vacate(const void* at, std::size_t bytes) {
        each_word(at, bytes, [](std::uint64_t& word, std::uint64_t mask) { word &= ~mask; });
    }

private:
    struct cell {
        std::size_t key = 0; ///< Address / 64; there is nothing at 0.
        std::uint64_t word = 0;
    };

    template <class Change>
    void each_word(const void* at, std::size_t bytes, Change change) {
        const std::size_t end = detail::address(at) + bytes;
        for (std::size_t from = detail::address(at); from < end;) {
            const std::size_t to = std::min(end, (from | 63U) + 1);
            change(word_of(from / 64), ~std::uint64_t{0} >> (64 - (to - from)) << from % 64);
            from = to;
        }
    }

    std::uint64_t& word_of(std::size_t key) {
        const std::size_t mask = cells_.size() - 1;
        std::size_t i = (key * detail::golden >> 32U) & mask;
        while (cells_[i].key != key) {
            if (cells_[i].key == 0) {
                if (2 * ++used_ > cells_.size()) {
                    rehash();
                    return word_of(key);
                }
                cells_[i].key = key;
                break;
            }
            i = (i + 1) & mask;
        }
        return cells_[i].word;
    }

    /// Forgets the words that are empty, and grows if that is not enough.
    void rehash() {
        std::vector<cell> old(cells_.size());
        old.swap(cells_);
        std::erase_if(old, [](const cell& each) { return each.word == 0; });
        if (4 * old.size() > cells_.size()) { cells_.resize(2 * cells_.size()); }
        used_ = 0;
        for (const cell& each : old) { word_of(each.key) = each.word; }
    }

    std::vector<cell> cells_ = std::vector<cell>(2048);
    std::size_t used_ = 0;
};

} // namespace alloy::test
