// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::rich`: an upstream with abilities, whose blocks are dirty and are looked at
/// when they come back.

#include <alloy/core/ability.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/source/new.hpp>

#include "unit_test.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>

namespace alloy::test {

/// Rounds to 32 bytes, and leaves each block room to grow to four times that. Fails the test that
/// returns what it never had, or with another layout.
class rich {
public:
    static constexpr std::size_t max_align = 256;

    struct record {
        std::map<void*, layout> live{};      ///< What each block counts as.
        std::map<void*, std::size_t> room{}; ///< Bytes that it could grow to.
        layout last{0, 0};                   ///< Of the last request.
        std::size_t zeroings = 0;            ///< Requests for zeroed bytes.
        std::size_t unclean = 0;             ///< Bytes that came back and were not zero.
    };

    explicit rich(record& book) noexcept : book_(&book) {}

    [[nodiscard]] static std::size_t good_size(layout want) noexcept {
        return want.size > any_size / 8 ? want.size : detail::round_up(want.size, 32);
    }

    [[nodiscard]] void* allocate(layout want) noexcept {
        book_->last = want;
        if (want.align > max_align || want.size > any_size / 8) { return nullptr; }
        const std::size_t room = 4 * good_size(want);
        void* const at = new_source::allocate({room, want.align});
        if (at == nullptr) { return nullptr; }
        std::memset(at, 0xDB, room);
        book_->live[at] = want;
        book_->room[at] = room;
        return at;
    }
    [[nodiscard]] void* allocate_zeroed(layout want) noexcept {
        ++book_->zeroings;
        void* const at = want.size > any_size / 8 ? nullptr : allocate(want);
        return at == nullptr ? nullptr : std::memset(at, 0, good_size(want));
    }
    void deallocate(void* at, layout given) noexcept {
        if (!known(at, given)) { return; }
        const auto* const bytes = static_cast<const std::byte*>(at);
        book_->unclean += static_cast<std::size_t>(std::count_if(
            bytes, bytes + good_size(given), [](std::byte b) { return b != std::byte{}; }));
        book_->live.erase(at);
        new_source::deallocate(at, {1, given.align});
    }
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept {
        if (!known(at, given) || good_size({size, 1}) > book_->room[at]) { return false; }
        book_->live[at].size = size;
        return true;
    }
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        for (std::size_t i = 0; i < n; ++i) {
            out[i] = allocate(want);
            if (out[i] == nullptr) { return i; }
        }
        return n;
    }
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        for (std::size_t i = 0; i < n; ++i) { deallocate(in[i], given); }
    }
    [[nodiscard]] bool owns(const void* at) const noexcept {
        return book_->live.count(const_cast<void*>(at)) != 0; // NOLINT
    }

private:
    [[nodiscard]] bool known(void* at, layout given) const {
        const auto found = book_->live.find(at);
        const bool known = found != book_->live.end() && found->second.align == given.align &&
                           given.size >= found->second.size &&
                           given.size <= good_size(found->second);
        BOOST_TEST(known, "a block came back that was never out, or with another layout");
        return known;
    }

    record* book_;
};

} // namespace alloy::test
