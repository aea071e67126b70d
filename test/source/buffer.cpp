// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/fact.hpp>
#include <alloy/source/buffer.hpp>

#include "support/conformance.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

using namespace alloy;
using detail::redzone;

static_assert(policy<buffer> && owning_policy<buffer> && resizing_policy<buffer> &&
              resettable_policy<buffer>);
static_assert(!(rounding_policy<buffer> || zeroing_policy<buffer> || batching_policy<buffer> ||
                marking_policy<buffer> || measuring_policy<buffer> || trimming_policy<buffer> ||
                stateless_policy<buffer>));
static_assert(!(thread_safe_v<buffer> || migratory_v<buffer> || zero_fresh_v<buffer>));
static_assert(!std::copy_constructible<buffer> && !std::movable<buffer>);
static_assert(!std::copy_constructible<inline_buffer<64>> && !std::movable<inline_buffer<64>>);
static_assert(!std::convertible_to<std::span<std::byte>, buffer>);
static_assert(policy<inline_buffer<64>> && owning_policy<inline_buffer<64>>);

namespace {
alignas(16) constinit std::array<std::byte, 256> bytes_before_main{};
constinit buffer before_main{bytes_before_main};
constinit inline_buffer<256> inline_before_main;
} // namespace

BOOST_AUTO_TEST_CASE(conforms) {
    std::vector<std::byte> bytes(4 << 20U);
    buffer target{bytes};
    test::conformance(target, {200, 64});
    target.reset();
    test::conformance(target, {200, 64}, 20'000, 43);
}

BOOST_AUTO_TEST_CASE(never_misaligns_a_block) {
    std::vector<std::byte> bytes(12 << 20U);
    buffer target{std::span{bytes}.subspan(1)};
    test::never_misaligned(target);
}

BOOST_AUTO_TEST_CASE(serves_before_main_and_in_place) {
    BOOST_TEST(before_main.allocate({8, 8}) == bytes_before_main.data());
    const auto from = detail::address(&inline_before_main);
    const auto at = detail::address(inline_before_main.allocate({256 - redzone, 16}));
    BOOST_TEST((at >= from && at - from < sizeof inline_before_main));
    BOOST_TEST(inline_before_main.allocate({1, 1}) == nullptr);
}

BOOST_AUTO_TEST_CASE(serves_exactly_what_fits_and_stays_within_its_bytes) {
    for (std::size_t width = 0; width <= 80; ++width) {
        for (std::size_t size = 1; size <= 80; ++size) {
            alignas(64) std::array<std::byte, 96> bytes{};
            buffer target{std::span{bytes}.first(width)};
            std::size_t end = 0;
            for (;;) {
                void* const at = target.allocate({size, 4});
                const std::size_t from = detail::round_up(end, 4);
                const bool fits = from + size + redzone <= width;
                BOOST_TEST_REQUIRE((at == (fits ? bytes.data() + from : nullptr)));
                if (!fits) { break; }
                end = from + size + redzone;
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(has_nothing_to_give_without_bytes) {
    buffer none{std::span<std::byte>{}};
    BOOST_TEST(none.allocate({1, 1}) == nullptr);
    BOOST_TEST(!none.owns(nullptr));
    none.reset();
    BOOST_TEST(none.allocate({1, 1}) == nullptr);
}

BOOST_AUTO_TEST_CASE(refuses_what_no_address_space_holds_and_goes_on) {
    inline_buffer<256> target;
    void* const first = target.allocate({8, 8});
    for (const std::size_t size : {any_size, any_size + 1, SIZE_MAX - 64, SIZE_MAX}) {
        for (std::size_t align = 1; align != 0; align *= 2) {
            BOOST_TEST(target.allocate({size, align}) == nullptr);
        }
    }
    BOOST_TEST(target.allocate({8, 8}) == static_cast<std::byte*>(first) + 8 + redzone);
}

BOOST_AUTO_TEST_CASE(takes_blocks_back_last_in_first_out_and_leaves_older_ones_used) {
    inline_buffer<512> target;
    void* const a = target.allocate({24, 8});
    void* const b = target.allocate({24, 8});
    target.deallocate(a, {24, 8});
    auto* const c = static_cast<std::byte*>(target.allocate({24, 8}));
    BOOST_TEST(c == static_cast<std::byte*>(b) + 24 + redzone);
    target.deallocate(c, {24, 8});
    target.deallocate(b, {24, 8});
    BOOST_TEST(target.allocate({24, 8}) == b);
}

BOOST_AUTO_TEST_CASE(takes_the_padding_back_with_the_newest_block) {
    alignas(64) std::array<std::byte, 512> bytes{};
    buffer target{bytes};
    void* const odd = target.allocate({3, 1});
    const std::size_t room = target.largest_free();
    for (int time = 0; time < 2; ++time) {
        target.deallocate(target.allocate({8, 64}), {8, 64});
        BOOST_TEST(target.largest_free() == room);
    }
    void* const aligned = target.allocate({8, 64});
    void* const next = target.allocate({8, 1});
    BOOST_TEST(target.allocate({512, 1}) == nullptr);
    target.deallocate(next, {8, 1});
    target.deallocate(aligned, {8, 64}); // not the last that came: its padding stays
    BOOST_TEST(target.allocate({8, 1}) == aligned);
    target.reset();
    target.deallocate(target.allocate({3, 1}), {3, 1});
    BOOST_TEST(target.allocate({3, 1}) == odd);
}

BOOST_AUTO_TEST_CASE(resizes_the_newest_block) {
    inline_buffer<256> target;
    void* const a = target.allocate({24, 8});
    void* const b = target.allocate({24, 8});
    BOOST_TEST(!target.resize(a, {24, 8}, 16));
    const std::size_t most = 256 - 24 - 2 * redzone;
    BOOST_TEST(!target.resize(b, {24, 8}, most + 1));
    BOOST_TEST(target.resize(b, {24, 8}, most));
    BOOST_TEST(target.allocate({1, 1}) == nullptr);
    BOOST_TEST(target.resize(b, {most, 8}, 8));
    BOOST_TEST(target.allocate({8, 8}) == static_cast<std::byte*>(b) + 8 + redzone);
}

BOOST_AUTO_TEST_CASE(owns_its_bytes_and_no_others) {
    std::array<std::byte, 64> bytes{};
    const buffer target{std::span{bytes}.subspan(8, 48)};
    for (std::size_t i = 0; i < 64; ++i) {
        BOOST_TEST(target.owns(bytes.data() + i) == (i >= 8 && i < 56));
    }
    BOOST_TEST(!target.owns(nullptr));
}

BOOST_AUTO_TEST_CASE(starts_over_when_it_is_reset) {
    inline_buffer<256> target;
    void* const first = target.allocate({100, 1});
    static_cast<void>(target.allocate({100, 1}));
    target.reset();
    BOOST_TEST(target.allocate({200, 1}) == first);
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
namespace {

bool is_open(const void* at, std::size_t bytes) {
    return __asan_region_is_poisoned(const_cast<void*>(at), bytes) == nullptr; // NOLINT
}

bool is_closed(const void* at, std::size_t bytes) {
    const auto* const first = static_cast<const std::byte*>(at);
    return std::all_of(first, first + bytes, [](const std::byte& byte) {
        return __asan_address_is_poisoned(&byte) == 1;
    });
}

} // namespace

BOOST_AUTO_TEST_CASE(opens_blocks_alone_and_poisons_all_else) {
    alignas(16) std::array<std::byte, 256> bytes{};
    buffer target{bytes};
    void* const a = target.allocate({40, 8});
    void* const b = target.allocate({13, 8});
    BOOST_TEST((is_open(a, 40) && is_closed(bytes.data() + 40, redzone)));
    BOOST_TEST((is_open(b, 13) && is_closed(static_cast<std::byte*>(b) + 13, redzone)));
    BOOST_TEST(is_closed(bytes.data() + 128, 128));
    target.deallocate(a, {40, 8});
    BOOST_TEST((is_closed(a, 40) && is_open(b, 13)));
    target.deallocate(b, {13, 8});
    BOOST_TEST(is_closed(b, 13));
}

BOOST_AUTO_TEST_CASE(poisons_every_block_when_it_is_reset) {
    alignas(16) std::array<std::byte, 256> bytes{};
    buffer target{bytes};
    static_cast<void>(target.allocate({40, 8}));
    static_cast<void>(target.allocate({40, 8}));
    target.reset();
    BOOST_TEST(is_closed(bytes.data(), bytes.size()));
}

BOOST_AUTO_TEST_CASE(leaves_ordinary_memory_behind) {
    alignas(16) std::array<std::byte, 256> bytes{};
    {
        buffer target{bytes};
        static_cast<void>(target.allocate({40, 8}));
    }
    BOOST_TEST(is_open(bytes.data(), bytes.size()));
}
#endif
