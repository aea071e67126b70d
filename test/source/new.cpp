// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/ability.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/source/new.hpp>

#include "support/conformance.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

using namespace alloy;

static_assert(policy<new_source> && stateless_policy<new_source>);
static_assert(!(rounding_policy<new_source> || resizing_policy<new_source> ||
                zeroing_policy<new_source> || batching_policy<new_source> ||
                measuring_policy<new_source> || trimming_policy<new_source> ||
                owning_policy<new_source>));
static_assert(thread_safe_v<new_source> && migratory_v<new_source> && !zero_fresh_v<new_source>);

constinit new_source before_main;

namespace {

bool refuse = false;     // whether operator new fails
bool scant = false;      // whether it aligns no more than it must, which Clang would not expect
std::size_t pending = 0; // blocks out

constexpr std::size_t header = 16;

/// A block that can be aligned exactly as strongly as the standard asks, for objects of its size.
void* least_aligned(std::size_t size) {
    auto* const at = static_cast<std::byte*>(std::malloc(size + header));
    if (at == nullptr || refuse) {
        std::free(at);
        return nullptr;
    }
    ++pending;
    return at + (scant ? std::min(detail::lowest_bit(size), header) : header);
}

void release_least_aligned(void* at) {
    if (at == nullptr) { return; }
    --pending;
    std::free(static_cast<std::byte*>(at) - ((detail::address(at) - 1) % header + 1));
}

} // namespace

void* operator new(std::size_t size) {
    void* const at = least_aligned(size);
    if (at == nullptr) { throw std::bad_alloc{}; }
    return at;
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    return least_aligned(size);
}
void* operator new(std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
    const auto step = std::max(static_cast<std::size_t>(align), sizeof(void*));
    ++pending;
    return refuse ? nullptr : std::aligned_alloc(step, detail::round_up(size, step));
}
void operator delete(void* at) noexcept { release_least_aligned(at); }
void operator delete(void* at, std::size_t /*size*/) noexcept { release_least_aligned(at); }
void operator delete(void* at, std::align_val_t /*align*/) noexcept {
    --pending;
    std::free(at);
}

BOOST_AUTO_TEST_CASE(conforms) {
    new_source source;
    scant = true;
    test::conformance(source, {200, 64});
    test::never_misaligned(source);
    scant = false;
}

BOOST_AUTO_TEST_CASE(takes_every_block_from_operator_new_and_returns_it_to_the_right_delete) {
    for (std::size_t align = 1; align <= 4096; align *= 2) {
        const std::size_t before = pending;
        void* const at = new_source::allocate({24, align});
        BOOST_TEST(detail::is_aligned(at, align));
        BOOST_TEST(pending == before + 1);
        new_source::deallocate(at, {24, align});
        BOOST_TEST(pending == before);
    }
}

BOOST_AUTO_TEST_CASE(is_null_where_operator_new_fails) {
    refuse = true;
    const void* const plain = new_source::allocate({8, 8});
    const void* const aligned = new_source::allocate({64, 64});
    refuse = false;
    BOOST_TEST(plain == nullptr);
    BOOST_TEST(aligned == nullptr);
}

BOOST_AUTO_TEST_CASE(refuses_what_no_array_can_hold) {
    for (std::size_t align = 1; align != 0; align *= 2) {
        BOOST_TEST(new_source::allocate({any_size + 1, align}) == nullptr);
        BOOST_TEST(new_source::allocate({SIZE_MAX, align}) == nullptr);
    }
}
