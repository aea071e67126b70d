// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/compose/wiped.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/c_heap.hpp>
#include <alloy/adapt/vector.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"
#include "support/shelf.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <deque>
#include <string>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

static_assert(stateless_policy<wiped<>> && handle_policy<wiped<>>);
static_assert(thread_safe_v<wiped<>> && migratory_v<wiped<>>);
static_assert(rounding_policy<wiped<rich>> && resizing_policy<wiped<rich>> &&
              batching_policy<wiped<rich>> && zeroing_policy<wiped<rich>> &&
              owning_policy<wiped<rich>>);
static_assert(!rounding_policy<wiped<>> && !resizing_policy<wiped<>> && !batching_policy<wiped<>> &&
              !zeroing_policy<wiped<>> && !owning_policy<wiped<>> && !trimming_policy<wiped<>>);
static_assert(!resettable_policy<wiped<bump<>>> && !marking_policy<wiped<bump<>>>,
              "what ends blocks unseen is absent");
static_assert(!std::copy_constructible<wiped<pool16<>>> && !std::movable<wiped<pool16<>>>);
static_assert(wiped<pool16<>>::max_align == pool16<>::max_align &&
              sizeof(wiped<pool16<>>) == sizeof(pool16<>));

constinit wiped<pool16<>> before_main; // construction acquires nothing

/// Secret bytes among `bytes`, those off limits too.
ALLOY_NO_ASAN inline std::size_t secrets_in(const std::byte* at, std::size_t bytes) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < bytes; ++i) { found += at[i] == std::byte{'s'} ? 1U : 0U; }
    return found;
}

/// Bytes that a pool's chunks still held when they went back to a wiped upstream: by trim(), and
/// at the end with blocks that are live.
template <template <class Upstream> class Pool>
std::size_t left_in_chunks() {
    rich::record record;
    {
        Pool<wiped<rich>> pool{record};
        std::array<void*, 300> all{};
        for (void*& at : all) { at = std::memset(pool.allocate({64, 8}), 's', 64); }
        for (std::size_t i = 0; i < 280; ++i) { pool.deallocate(all[i], {64, 8}); }
        pool.trim();
    }
    BOOST_TEST(record.live.empty());
    return record.unclean;
}
constexpr layout node{64, 8};
template <class Upstream>
using list_in_chunks = freelist<node, Upstream, unlimited, 20>;
template <class Upstream>
using list = freelist<node, Upstream, 280>;
template <policy Upstream>
using pool = pool16<Upstream>;
template <class Upstream>
using arena = bump<bump_options{}, Upstream>;

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        wiped<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<wiped<pool16<probe>>>({160, 64});
    rich::record record;
    wiped<rich> all{record};
    test::conformance(all, {200, 64});
    BOOST_TEST(record.live.empty());
    BOOST_TEST(record.unclean == 0U);
    test::never_misaligned(before_main);
}

BOOST_AUTO_TEST_CASE(wipes_before_a_release_that_nobody_reads_after) {
    const wiped<malloc_source> policy; // every compiler drops stores that free makes dead
    void* const at = policy.allocate({400, 8});
    std::memset(at, 's', 400);
    policy.deallocate(at, {400, 8});
    void* const next = malloc_source::allocate({400, 8}); // the same block, most probably
    const auto* const bytes = static_cast<const volatile char*>(next);
    constexpr auto of_malloc = 2 * sizeof(void*); // its link and its key, which may have an 's'
    BOOST_TEST(std::count(bytes + of_malloc, bytes + 400, 's') == 0);
    malloc_source::deallocate(next, {400, 8});
}

BOOST_AUTO_TEST_CASE(wipes_the_whole_block_whatever_size_it_comes_back_with) {
    rich::record record;
    const wiped<rich> policy{record};
    for (const std::size_t given : {33U, 50U, 64U}) {
        void* const at = policy.allocate({33, 8});
        std::memset(at, 's', 64);
        policy.deallocate(at, {given, 8});
        BOOST_TEST(record.unclean == 0U);
    }
}

BOOST_AUTO_TEST_CASE(wipes_every_block_of_a_batch) {
    rich::record record;
    const wiped<rich> policy{record};
    std::array<void*, 5> batch{};
    BOOST_TEST_REQUIRE(policy.allocate_batch({40, 8}, batch.data(), batch.size()) == 5U);
    for (void* const at : batch) { std::memset(at, 's', 64); }
    policy.deallocate_batch(batch.data(), batch.size(), {40, 8});
    BOOST_TEST(record.live.empty());
    BOOST_TEST(record.unclean == 0U);
}

BOOST_AUTO_TEST_CASE(grows_in_place_but_gives_no_bytes_back_unwiped) {
    rich::record record;
    const wiped<rich> policy{record};
    auto* const at = static_cast<unsigned char*>(policy.allocate({40, 8}));
    std::memset(at, 's', 64);
    BOOST_TEST(policy.resize(at, {40, 8}, 200));
    BOOST_TEST(policy.resize(at, {200, 8}, 193)); // the same 224 bytes
    BOOST_TEST(!policy.resize(at, {193, 8}, 192));
    BOOST_TEST(!policy.resize(at, {193, 8}, 1'000'000));
    BOOST_TEST(std::all_of(at, at + 64, [](unsigned char byte) { return byte == 's'; }));
    policy.deallocate(at, {193, 8});
    BOOST_TEST(record.unclean == 0U);
}

BOOST_AUTO_TEST_CASE(wipes_what_containers_leave_and_what_an_adapter_made_off_limits) {
    alignas(16) std::array<std::byte, 8'192> bytes{};
    {
        using alloc = allocator<char, ref<wiped<test::shelf>>>;
        wiped<test::shelf> policy{bytes};
        std::vector<char, alloc> vector(alloc{policy});
        for (int i = 0; i < 1'000; ++i) { vector.push_back('s'); }
        vector.resize(10);
        std::basic_string<char, std::char_traits<char>, alloc> string(100, 's', alloc{policy});
        string += string;
        string.clear();
    }
    BOOST_TEST(std::count(bytes.begin(), bytes.end(), std::byte{'s'}) == 0);
    BOOST_TEST(test::is_ordinary(bytes));

    std::deque<char, allocator<char, wiped<malloc_source>>> deque(10'000, 's');
    deque.erase(deque.begin() + 10, deque.end());
    BOOST_TEST(deque.size() == 10U);

    using pooled = allocator<char, ref<wiped<pool16<>>>>;
    pooled{before_main}.deallocate(pooled{before_main}.allocate(13), 13); // 16 bytes, 3 poisoned
}

BOOST_AUTO_TEST_CASE(wipes_the_block_that_a_vector_leaves_when_it_grows_or_shrinks) {
    alignas(16) std::array<std::byte, 16'384> bytes{};
    const auto secrets = [&] { return secrets_in(bytes.data(), bytes.size()); };
    {
        wiped<test::shelf> policy{bytes};
        alloy::vector<char, ref<wiped<test::shelf>>> vector(policy);
        for (std::size_t i = 1; i <= 1'000; ++i) {
            vector.push_back('s');
            BOOST_TEST_REQUIRE(secrets() == i);
        }
        vector.resize(10);
        vector.shrink_to_fit();
        BOOST_TEST(secrets() == 10U);
    }
    BOOST_TEST(secrets() == 0U);
    {
        using arena_of_secrets = wiped<arena<test::shelf>>; // which could shrink a block in place
        arena_of_secrets policy{bytes};
        alloy::vector<char, ref<arena_of_secrets>> vector(1'000, 's', policy);
        vector.resize(2'000, 's');
        BOOST_TEST(secrets() == 2'000U);
        vector.resize(10);
        vector.shrink_to_fit();
        BOOST_TEST(secrets() == 10U);
    }
    BOOST_TEST(secrets() == 0U);
}

BOOST_AUTO_TEST_CASE(wipes_the_block_that_realloc_leaves) {
    alignas(16) std::array<std::byte, 16'384> bytes{};
    const auto secrets = [&] { return secrets_in(bytes.data(), bytes.size()); };
    wiped<test::shelf> policy{bytes};
    const c_heap<ref<wiped<test::shelf>>> heap(policy);
    void* at = heap.malloc(100);
    std::memset(at, 's', 100);
    at = heap.realloc(at, 1'000);
    BOOST_TEST(secrets() == 100U);
    std::memset(at, 's', 1'000);
    at = heap.realloc(at, 10);
    BOOST_TEST(secrets() == 10U);
    heap.free(at);
    BOOST_TEST(secrets() == 0U);
}

BOOST_AUTO_TEST_CASE(wipes_the_chunks_that_a_pool_gives_back) {
    BOOST_TEST(left_in_chunks<pool>() == 0U);
    BOOST_TEST(left_in_chunks<arena>() == 0U);
    BOOST_TEST(left_in_chunks<list_in_chunks>() == 0U);
    rich::record record;
    {
        list<wiped<rich>> nodes{record};
        std::array<void*, 20> all{};
        for (void*& at : all) { at = std::memset(nodes.allocate(node), 's', 64); }
        for (void* const at : all) { nodes.deallocate(at, node); }
        nodes.trim();
        BOOST_TEST(record.live.empty());
    }
    BOOST_TEST(record.unclean == 0U);
}

BOOST_AUTO_TEST_CASE(wipes_what_is_off_limits_inside_a_block) {
    alignas(16) std::array<std::byte, 512> bytes{};
    const wiped<test::shelf> policy{bytes};
    auto* const at = static_cast<std::byte*>(policy.allocate({400, 8}));
    std::memset(at, 's', 400);
    detail::poison(at + 40, 100);
    detail::poison(at + 397, 3);
    policy.deallocate(at, {400, 8});
    BOOST_TEST(secrets_in(bytes.data(), bytes.size()) == 0U);
    BOOST_TEST(test::is_ordinary(bytes));
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(does_not_hide_a_second_release) {
    BOOST_TEST(test::dies([] {
        void* const at = wiped<>{}.allocate({40, 8});
        wiped<>{}.deallocate(at, {40, 8});
        wiped<>{}.deallocate(at, {40, 8});
    }));
    BOOST_TEST(test::dies([] {
        void* const at = before_main.allocate({40, 8});
        before_main.deallocate(at, {40, 8});
        before_main.deallocate(at, {40, 8});
    }));
}
#endif
