// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp" // first: it reroutes ALLOY_ASSERT

#include <alloy/adapt/monotonic_resource.hpp>

#include <alloy/adapt/resource.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/resource.hpp>

#include "support/pmr.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory_resource>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probing_resource;
using test::refused;
using arena = alloy::pmr::monotonic_buffer_resource;

namespace {

// What the standard's has.
using upstream_pointer = std::pmr::memory_resource*;
static_assert(std::is_base_of_v<std::pmr::memory_resource, arena>);
static_assert(std::is_default_constructible_v<arena> &&
              std::is_constructible_v<arena, upstream_pointer> &&
              std::is_constructible_v<arena, std::size_t> &&
              std::is_constructible_v<arena, std::size_t, upstream_pointer> &&
              std::is_constructible_v<arena, void*, std::size_t> &&
              std::is_constructible_v<arena, void*, std::size_t, upstream_pointer>);
static_assert(!std::is_convertible_v<upstream_pointer, arena> &&
              !std::is_convertible_v<std::size_t, arena>);
static_assert(!std::is_copy_constructible_v<arena> && !std::is_copy_assignable_v<arena>);
static_assert(std::has_virtual_destructor_v<arena> && !std::is_final_v<arena>);

/// Its own, over a probe.
struct over_probe {
    template <class... Args>
    explicit over_probe(Args... args) : memory(args..., &upstream) {}

    ledger book{};
    probing_resource upstream{book};
    arena memory;
};

/// The size of the largest block out.
std::size_t largest(const ledger& book) {
    std::size_t size = 0;
    for (const auto& [at, want] : book.live) { size = std::max(size, want.size); }
    return size;
}

/// Allocates small blocks until upstream is asked.
void fill(over_probe& arena) {
    const std::size_t requests = arena.book.requests;
    while (arena.book.requests == requests) { static_cast<void>(arena.memory.allocate(16, 8)); }
}

} // namespace

BOOST_AUTO_TEST_CASE(keeps_the_laws_of_a_resource_and_returns_all_to_upstream) {
    ledger book;
    probing_resource upstream{book};
    {
        arena memory{&upstream};
        test::resource_laws(memory, {300, 64});
        test::resource_serves_containers(memory);
        BOOST_TEST(!book.live.empty());
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(takes_from_upstream_as_constructed) {
    ledger book;
    probing_resource upstream{book};
    std::pmr::memory_resource* const before = std::pmr::set_default_resource(&upstream);
    std::array<std::byte, 64> buffer; // NOLINT(*-member-init)
    {
        arena by_default;
        arena sized{100};
        arena in_buffer{buffer.data(), buffer.size()};
        std::pmr::set_default_resource(before);
        BOOST_TEST(by_default.upstream_resource() == &upstream);
        BOOST_TEST(sized.upstream_resource() == &upstream);
        BOOST_TEST(in_buffer.upstream_resource() == &upstream);
        BOOST_TEST(book.requests == 0U, "construction acquires nothing");
        static_cast<void>(by_default.allocate(1));
        static_cast<void>(sized.allocate(1));
        static_cast<void>(in_buffer.allocate(65));
        BOOST_TEST(book.live.size() == 3U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(hands_out_the_initial_buffer_first) {
    alignas(16) std::array<std::byte, 256> buffer; // NOLINT(*-member-init)
    over_probe all{static_cast<void*>(buffer.data()), buffer.size()};
    const auto offset = [&](const void* at) {
        return detail::address(at) - detail::address(buffer.data());
    };
    BOOST_TEST(offset(all.memory.allocate(1, 1)) == 0U);
    BOOST_TEST(offset(all.memory.allocate(8, 8)) ==
               detail::round_up(1 + detail::redzone, std::size_t{8}));
    BOOST_TEST(all.book.requests == 0U);
    const void* const next = all.memory.allocate(256, 1);
    BOOST_TEST(offset(next) >= 256U);
    BOOST_TEST(all.book.live.size() == 1U);
    BOOST_TEST(largest(all.book) > 2 * buffer.size(), "then twice as much from upstream");
}

BOOST_AUTO_TEST_CASE(uses_every_byte_of_the_initial_buffer) {
    alignas(16) std::array<std::byte, 64> buffer; // NOLINT(*-member-init)
    over_probe all{static_cast<void*>(buffer.data()), buffer.size()};
    BOOST_TEST(all.memory.allocate(64 - detail::redzone, 16) == buffer.data());
    BOOST_TEST(all.book.requests == 0U);
    static_cast<void>(all.memory.allocate(0, 1));
    BOOST_TEST(all.book.requests == 1U);
}

BOOST_AUTO_TEST_CASE(takes_an_initial_buffer_without_bytes) {
    over_probe all{static_cast<void*>(nullptr), std::size_t{0}};
    BOOST_TEST(all.memory.allocate(8, 8) != nullptr);
    BOOST_TEST(all.book.live.size() == 1U);
    all.memory.release();
    BOOST_TEST(all.book.live.empty());
}

BOOST_AUTO_TEST_CASE(takes_a_first_chunk_of_the_initial_size_at_least) {
    over_probe all{std::size_t{5000}};
    static_cast<void>(all.memory.allocate(1, 1));
    BOOST_TEST(largest(all.book) >= 5000U);
    BOOST_TEST(largest(all.book) < 5200U);
    static_cast<void>(all.memory.allocate(4800, 1));
    BOOST_TEST(all.book.requests == 1U);
    over_probe tiny{std::size_t{1}};
    static_cast<void>(tiny.memory.allocate(1, 1));
    BOOST_TEST(largest(tiny.book) < 200U);
}

BOOST_AUTO_TEST_CASE(grows_its_chunks_geometrically) {
    over_probe all{std::size_t{1000}};
    std::size_t size = 500;
    for (int i = 0; i < 10; ++i) {
        fill(all);
        BOOST_TEST(largest(all.book) >= 2 * size);
        BOOST_TEST(largest(all.book) <= 2 * size + 200);
        size *= 2;
    }
}

BOOST_AUTO_TEST_CASE(asks_upstream_for_what_a_large_request_needs) {
    over_probe all{std::size_t{100}};
    auto* const at = static_cast<char*>(all.memory.allocate(10'000, 4096));
    std::memset(at, 1, 10'000);
    BOOST_TEST(detail::is_aligned(at, 4096));
    const auto [block, want] = *all.book.live.begin();
    BOOST_TEST(want.align == 4096U);
    BOOST_TEST(want.size >= 10'000U);
    BOOST_TEST(all.book.live.size() == 1U);
}

BOOST_AUTO_TEST_CASE(keeps_what_is_deallocated_until_release) {
    over_probe all{std::size_t{1000}};
    void* const first = all.memory.allocate(16, 8);
    all.memory.deallocate(first, 16, 8);
    void* const second = all.memory.allocate(16, 8);
    BOOST_TEST(detail::address(second) == detail::address(first) + 16 + detail::redzone);
    void* const large = all.memory.allocate(10'000, 8);
    all.memory.deallocate(large, 10'000, 8);
    BOOST_TEST(all.book.live.size() == 2U);
}

BOOST_AUTO_TEST_CASE(starts_over_at_release_with_the_initial_buffer_and_size) {
    alignas(16) std::array<std::byte, 128> buffer; // NOLINT(*-member-init)
    over_probe all{static_cast<void*>(buffer.data()), buffer.size()};
    for (int round = 0; round < 3; ++round) {
        BOOST_TEST(all.memory.allocate(16, 8) == buffer.data());
        fill(all);
        const std::size_t first = largest(all.book);
        BOOST_TEST(first > 256U);
        BOOST_TEST(first < 512U);
        for (int i = 0; i < 5; ++i) { fill(all); }
        BOOST_TEST(all.book.live.size() == 6U);
        all.memory.release();
        BOOST_TEST(all.book.live.empty());
    }
    over_probe sized{std::size_t{1000}};
    for (int round = 0; round < 3; ++round) {
        fill(sized);
        BOOST_TEST(largest(sized.book) >= 1000U);
        BOOST_TEST(largest(sized.book) < 1200U);
        fill(sized);
        sized.memory.release();
    }
}

BOOST_AUTO_TEST_CASE(passes_on_what_upstream_throws_and_serves_again) {
    alignas(16) std::array<std::byte, 64> buffer; // NOLINT(*-member-init)
    over_probe all{static_cast<void*>(buffer.data()), buffer.size()};
    all.book.budget = 0;
    BOOST_CHECK_THROW(static_cast<void>(all.memory.allocate(100)), refused);
    BOOST_TEST(all.memory.allocate(8, 8) == buffer.data(), "the rest of the buffer is still there");
    all.book.budget = unlimited;
    BOOST_TEST(all.memory.allocate(100) != nullptr);
    test::survives_every_failure<test::over_probe<arena>>({500, 64}, 200);
}

BOOST_AUTO_TEST_CASE(refuses_an_initial_size_that_no_memory_has) {
    for (const std::size_t size : {SIZE_MAX, any_size + 1, any_size}) {
        over_probe all{size};
        BOOST_CHECK_THROW(static_cast<void>(all.memory.allocate(1, 1)), std::bad_alloc);
        BOOST_TEST(all.book.live.empty());
    }
}

BOOST_AUTO_TEST_CASE(is_equal_to_itself_alone) {
    const arena a;
    const arena b;
    BOOST_TEST((a == a));
    BOOST_TEST((a != b));
    BOOST_TEST(!a.is_equal(*a.upstream_resource()));
}

BOOST_AUTO_TEST_CASE(stands_above_and_below_other_memory) {
    ledger book;
    {
        resource<pool16<test::probe>> below{book};
        arena memory{&below};
        std::pmr::unsynchronized_pool_resource theirs{&memory};
        test::resource_serves_containers(theirs);
        resource<freelist<layout{32, 8}, resource_source, unlimited, 8>> above{memory};
        BOOST_TEST(above.allocate(32, 8) != nullptr);
        std::pmr::unsynchronized_pool_resource pool{&below};
        arena over_theirs{&pool};
        test::resource_laws(over_theirs, {300, 64});
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(leaves_the_initial_buffer_as_ordinary_memory) {
    std::array<char, 100> buffer{};
    {
        arena memory{buffer.data(), buffer.size()};
        std::pmr::string text(20, 'x', &memory);
        BOOST_TEST(text.size() == 20U);
    }
    buffer.fill('y'); // which AddressSanitizer would report
    BOOST_TEST(buffer.back() == 'y');
}

BOOST_AUTO_TEST_CASE(asserts_that_there_is_an_upstream) {
    BOOST_TEST(test::dies([] { arena{static_cast<upstream_pointer>(nullptr)}; }));
}

#if defined(ALLOY_HAS_ASAN)
BOOST_AUTO_TEST_CASE(shows_misuse_to_the_sanitizer) {
    std::array<std::byte, 512> buffer; // NOLINT(*-member-init)
    arena in_chunks;
    arena in_buffer{buffer.data(), buffer.size()};
    for (arena* const memory : {&in_chunks, &in_buffer}) {
        BOOST_TEST(memory->allocate(1) != nullptr);
        for (const std::size_t bytes : {1U, 20U, 24U, 100U}) {
            auto* const at = static_cast<volatile char*>(memory->allocate(bytes, 4));
            const auto release = [&] { memory->deallocate(const_cast<char*>(at), bytes, 4); };
            BOOST_TEST(test::dies([&] { at[bytes] = 1; }), "overflow by one");
            release();
            BOOST_TEST(test::dies([&] { at[0] = 1; }), "use after free");
            BOOST_TEST(test::dies([&] { at[bytes - 1] = 1; }));
            BOOST_TEST(test::dies(release), "double free");
        }
        auto* const at = static_cast<volatile char*>(memory->allocate(1));
        memory->release();
        BOOST_TEST(test::dies([&] { *at = 1; }), "use after release");
    }
    BOOST_TEST(test::dies([&] { *reinterpret_cast<volatile char*>(&buffer[0]) = 1; }));
}
#endif
