// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::links`: how the link inside a free block is written, as it is or encoded.
///
///     word  =  (next + offset) / factor + address of the block             modulo 2^64
///     next  =  (word - address of the block) * factor - offset             a place of ours?
///
/// The key is a random odd factor and a random offset. Multiplied, a change of any bits of the word
/// moves the place that it leads to by a random distance: out of the memory that the policy has
/// taken, where nothing is followed. And the offset hides where that memory is: all words together
/// tell no more than how far the blocks are apart.

#include <alloy/core/bits.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/secret.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <type_traits>

namespace alloy::inline ALLOY_ABI {

/// How a policy writes the links in its free blocks.
///
/// An encoded one that somebody wrote over is reported as misuse::forged_link when a request or
/// trim() comes to it; other bytes, and blocks that are never come to, stay unseen. If the handler
/// returns, that block and all behind it in its list are lost: not handed out again, and back
/// upstream only with their chunks, at the end.
enum class links : unsigned char {
    plain,  ///< As addresses.
    encoded ///< With a key, 40 bytes in the policy, and verified before they are followed.
};

namespace detail {

/// Anything that is linked through a member `next`.
struct link {
    link* next;
};

/// Links as they are; all are trusted.
struct plain_links {
    static void admit(const void* /*from*/, std::size_t /*bytes*/) noexcept {}

    [[nodiscard, gnu::always_inline]] static bool read(const link* at, link*& next) noexcept {
        next = read_kept(&at->next);
        return true;
    }
};

/// Links that are encoded; for blocks in memory that admit() was told of. Stays where it is.
///
/// What is written without the key is taken for a link with a probability of at most `span / 2^63`,
/// where `span` are the bytes between the lowest and the highest address admitted: one in 2^33 for
/// a GiB, and one in 2^16 for the whole address space. It is no cipher: who reads some words *and*
/// writes one can move its link by a distance of his choice.
///
/// @tparam Align What every block is aligned to, in bytes.
/// @source  Keyed links: D. Leijen et al., "Mimalloc: Free List Sharding in Action", APLAS 2019.
/// @source  Random odd factors: M. Dietzfelbinger et al., "A Reliable Randomized Algorithm for the
///          Closest-Pair Problem", Journal of Algorithms 25(1), 1997.
template <std::size_t Align>
class encoded_links {
public:
    /// Lets blocks lie in `bytes` from `from` on, which is aligned. The first call draws the key.
    void admit(const void* from, std::size_t bytes) noexcept {
        if (factor_ == 0) { draw(); }
        const std::size_t end = std::max(low_ + places_ * Align, address(from) + bytes);
        low_ = places_ == 0 ? address(from) : std::min(low_, address(from));
        places_ = (end - low_) / Align;
    }

    /// Reads the link in `at`. @return False if the word there was not written by write().
    [[nodiscard, gnu::always_inline]] bool read(const link* at, link*& next) const noexcept {
        const std::size_t place = (address(read_kept(&at->next)) - address(at)) * factor_ - offset_;
        next = place != address(at) ? std::bit_cast<link*>(place) : nullptr;
        return std::rotr(place - low_, std::countr_zero(Align)) < places_;
    }

    /// Links `at` to `next`, or for null to itself: a place like any other.
    [[gnu::always_inline]] void write(link* at, const link* next) const noexcept {
        const std::size_t place = address(next != nullptr ? next : at);
        const std::size_t word = (place + offset_) * inverse_ + address(at);
        write_kept(&at->next, std::bit_cast<link*>(word));
    }

private:
    /// Two seeds: words betray the factor to who reads many, and it must not tell the offset.
    void draw() noexcept {
        factor_ = scattered(draw_seed() + address(this)) | 1U;
        offset_ = scattered(draw_seed() - address(this));
        inverse_ = factor_; // to three bits, and each step doubles them
        for (int bits = 3; bits < 64; bits *= 2) { inverse_ *= 2 - factor_ * inverse_; }
    }

    std::size_t factor_ = 0; // not drawn yet
    std::size_t inverse_ = 0;
    std::size_t offset_ = 0;
    std::size_t low_ = 0;
    std::size_t places_ = 0; // where a block may begin, from low_ on
};

/// What writes and reads links of blocks aligned to `Align`.
template <links Links, std::size_t Align>
using link_code = std::conditional_t<Links == links::plain, plain_links, encoded_links<Align>>;

} // namespace detail

} // namespace alloy::inline ALLOY_ABI
