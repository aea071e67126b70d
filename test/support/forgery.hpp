// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What may be written over an encoded link, and a guard that hears who is told of it.

#include <alloy/core/link_code.hpp>
#include <alloy/core/misuse.hpp>

#include <cstddef>
#include <random>
#include <vector>

namespace alloy::test {

/// Hears every incident while it lives.
class listener {
public:
    listener() noexcept : before_(on_misuse(hear)) { heard_.clear(); }
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;
    ~listener() { on_misuse(before_); }

    [[nodiscard]] static std::size_t count() { return heard_.size(); }

    /// True if one forged link was reported since the last question, in the block at `at`.
    [[nodiscard]] static bool heard_of(const void* at) {
        const bool right =
            heard_.size() == 1 && heard_[0].kind == misuse::forged_link && heard_[0].at == at;
        heard_.clear();
        return right;
    }

private:
    static void hear(const incident& what) noexcept { heard_.push_back(what); }

    inline static std::vector<incident> heard_;
    misuse_handler before_;
};

/// The word in a free block where its link is.
inline std::size_t link_word(const void* at) {
    return detail::read_kept(static_cast<const std::size_t*>(at));
}

inline void forge(void* at, std::size_t word) {
    detail::write_kept(static_cast<std::size_t*>(at), word);
}

/// What is planted in the block at `at`: constants, addresses, words of the `others`, and its own
/// word with a byte changed in every way, a bit, or shifted by bytes.
inline std::vector<std::size_t> forgeries(const void* at, const std::vector<void*>& others) {
    const std::size_t word = link_word(at);
    std::vector<std::size_t> all{0,        ~std::size_t{0}, detail::address(at), ~word, word + 8,
                                 word - 8, word + 64,       0xDDDDDDDDDDDDDDDD};
    for (const void* const other : others) {
        if (other == at) { continue; }
        all.push_back(detail::address(other));
        all.push_back(link_word(other));
    }
    for (unsigned byte = 0; byte < 64; byte += 8) {
        for (std::size_t change = 1; change < 256; ++change) {
            all.push_back(word ^ change << byte);
        }
        all.push_back(word << byte | word >> (63 - byte) >> 1U);
        all.push_back(word >> byte << byte);
    }
    std::mt19937_64 random(detail::address(at));
    for (int i = 0; i < 100; ++i) { all.push_back(random()); }
    std::erase(all, word);
    return all;
}

} // namespace alloy::test
