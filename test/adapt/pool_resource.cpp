// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp" // first: it reroutes ALLOY_ASSERT

#include <alloy/adapt/pool_resource.hpp>

#include <alloy/adapt/resource.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/resource.hpp>

#include "support/pmr.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <new>
#include <optional>
#include <random>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using std::pmr::pool_options;
using test::ledger;
using test::probing_resource;
using test::refused;
using one_thread = alloy::pmr::unsynchronized_pool_resource;
using all_threads = alloy::pmr::synchronized_pool_resource;

namespace {

// What the standard's have.
template <class Pool>
constexpr bool looks_like_the_standards() {
    using upstream = std::pmr::memory_resource*;
    static_assert(std::is_base_of_v<std::pmr::memory_resource, Pool>);
    static_assert(std::is_default_constructible_v<Pool> &&
                  std::is_constructible_v<Pool, upstream> &&
                  std::is_constructible_v<Pool, const pool_options&> &&
                  std::is_constructible_v<Pool, const pool_options&, upstream>);
    static_assert(!std::is_convertible_v<upstream, Pool> &&
                  !std::is_convertible_v<const pool_options&, Pool>);
    static_assert(!std::is_copy_constructible_v<Pool> && !std::is_copy_assignable_v<Pool>);
    static_assert(std::has_virtual_destructor_v<Pool> && !std::is_final_v<Pool>);
    static_assert(std::is_same_v<decltype(std::declval<const Pool&>().options()), pool_options>);
    return true;
}
static_assert(looks_like_the_standards<one_thread>() && looks_like_the_standards<all_threads>());
static_assert(!std::is_same_v<one_thread, all_threads>);

// Linear to 128 bytes, then eight sizes a doubling.

constexpr std::size_t stride(std::size_t size, std::size_t align) {
    return detail::round_up(size + detail::redzone, align);
}

/// A pool over a probe.
template <class Pool = one_thread>
struct over_probe {
    explicit over_probe(const pool_options& options = {}) : pool(options, &upstream) {}

    ledger book{};
    probing_resource upstream{book};
    Pool pool;
};

struct counting_mutex {
    static inline int locked = 0;
    static inline int held = 0;
    static void lock() noexcept {
        ++locked;
        ++held;
    }
    static void unlock() noexcept { --held; }
};

using both = std::tuple<one_thread, all_threads>;

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(keeps_the_laws_of_a_resource_and_returns_all_to_upstream, Pool,
                              both) {
    for (const std::size_t limit : {0U, 100U, 65536U}) {
        ledger book;
        probing_resource upstream{book};
        {
            Pool pool{{0, limit}, &upstream};
            test::resource_laws(pool, {300, 64});
            test::bare_resource bare{pool};
            test::conformance(bare, {20'000, 8192}, 5'000);
            test::resource_serves_containers(pool);
            BOOST_TEST(!book.live.empty());
        }
        BOOST_TEST(book.live.empty());
    }
}

BOOST_AUTO_TEST_CASE(takes_from_upstream_as_constructed) {
    ledger book;
    probing_resource upstream{book};
    std::pmr::memory_resource* const before = std::pmr::set_default_resource(&upstream);
    {
        const one_thread by_default;
        const one_thread with_options{pool_options{.max_blocks_per_chunk = 7}};
        std::pmr::set_default_resource(before);
        const one_thread given{&upstream};
        BOOST_TEST(by_default.upstream_resource() == &upstream);
        BOOST_TEST(with_options.upstream_resource() == &upstream);
        BOOST_TEST(given.upstream_resource() == &upstream);
        BOOST_TEST(with_options.options().max_blocks_per_chunk == 7U);
        BOOST_TEST(book.requests == 0U, "construction acquires nothing");
    }
}

BOOST_AUTO_TEST_CASE(says_which_options_hold) {
    const auto holds = [](std::size_t blocks, std::size_t largest) {
        return one_thread{pool_options{blocks, largest}}.options();
    };
    const pool_options usual = one_thread{}.options();
    BOOST_TEST(usual.max_blocks_per_chunk == one_thread::largest_chunk / 8);
    BOOST_TEST(usual.largest_required_pool_block == 4096U);
    BOOST_TEST(holds(3, 0).max_blocks_per_chunk == 3U);
    BOOST_TEST(holds(3, 0).largest_required_pool_block == 4096U);
    BOOST_TEST(holds(SIZE_MAX, 0).max_blocks_per_chunk == usual.max_blocks_per_chunk);
    BOOST_TEST(holds(usual.max_blocks_per_chunk, 0).max_blocks_per_chunk ==
               usual.max_blocks_per_chunk);
    for (const auto& [asked, held] :
         std::vector<std::pair<std::size_t, std::size_t>>{{1, 8},
                                                          {8, 8},
                                                          {9, 16},
                                                          {128, 128},
                                                          {129, 144},
                                                          {4097, 4608},
                                                          {65535, 65536},
                                                          {65536, 65536},
                                                          {65537, 65536},
                                                          {SIZE_MAX, 65536}}) {
        BOOST_TEST(holds(0, asked).largest_required_pool_block == held);
    }
    const pool_options twice = one_thread{holds(3, 129)}.options();
    BOOST_TEST(twice.max_blocks_per_chunk == 3U);
    BOOST_TEST(twice.largest_required_pool_block == 144U);
}

BOOST_AUTO_TEST_CASE(cuts_no_more_blocks_from_a_chunk_than_the_options_say) {
    for (const std::size_t size : {8U, 48U, 4096U}) {
        over_probe<> all{{.max_blocks_per_chunk = 3}};
        for (int i = 0; i < 30; ++i) { static_cast<void>(all.pool.allocate(size, 8)); }
        BOOST_TEST(all.book.requests >= 10U);
        BOOST_TEST(all.book.requests <= 30U);
        if (size != 4096) { BOOST_TEST(all.book.requests == 10U); }
        for (const auto& [at, want] : all.book.live) {
            BOOST_TEST(want.size < 4 * stride(size, size) + 64);
        }
    }
}

BOOST_AUTO_TEST_CASE(takes_chunks_that_double_up_to_a_limit) {
    over_probe<> all;
    std::vector<std::size_t> chunks;
    std::size_t before = 0;
    while (chunks.size() < 13) {
        static_cast<void>(all.pool.allocate(64, 8));
        if (all.book.bytes() != before) {
            chunks.push_back(all.book.bytes() - std::exchange(before, all.book.bytes()));
        }
    }
    BOOST_TEST(chunks.front() > 512U);
    BOOST_TEST(chunks.front() < 1024U + 128U);
    for (std::size_t i = 1; i < chunks.size(); ++i) {
        BOOST_TEST(chunks[i] >= chunks[i - 1]);
        BOOST_TEST(chunks[i] <= 2 * chunks[i - 1]);
        BOOST_TEST(chunks[i] <= one_thread::largest_chunk + 128);
    }
    BOOST_TEST(chunks[5] > 16 * chunks[0]);
    BOOST_TEST(chunks.back() > one_thread::largest_chunk / 2);
}

BOOST_AUTO_TEST_CASE(fills_its_chunks_in_order_and_reuses_the_newest_block) {
    over_probe<> all;
    const auto first = detail::address(all.pool.allocate(48, 8));
    void* const second = all.pool.allocate(41, 4);
    void* const third = all.pool.allocate(48, 16);
    BOOST_TEST(detail::address(second) == first + stride(48, 16));
    BOOST_TEST(detail::address(third) == first + 2 * stride(48, 16));
    all.pool.deallocate(second, 41, 4);
    all.pool.deallocate(third, 48, 16);
    BOOST_TEST(all.pool.allocate(42, 2) == third);
    BOOST_TEST(all.pool.allocate(48, 8) == second);
    BOOST_TEST(all.book.requests == 1U);
}

BOOST_AUTO_TEST_CASE(passes_what_is_larger_than_every_pool_straight_upstream) {
    over_probe<> all{{.largest_required_pool_block = 500}};
    const std::size_t largest = all.pool.options().largest_required_pool_block;
    BOOST_TEST(largest == 512U);
    all.pool.deallocate(all.pool.allocate(largest, 8), largest, 8);
    BOOST_TEST(all.book.live.size() == 1U, "a pool keeps its chunk");
    void* const at = all.pool.allocate(largest + 1, 8);
    BOOST_TEST(all.book.live.size() == 2U);
    BOOST_TEST(all.book.live.contains(at));
    BOOST_TEST(all.book.live.at(at).size < largest + 64 + 2 * detail::redzone);
    all.pool.deallocate(at, largest + 1, 8);
    BOOST_TEST(all.book.live.size() == 1U, "and a large block goes back at once");
    void* const odd = all.pool.allocate(largest + 1, 1);
    BOOST_TEST(all.book.live.at(odd).size % alignof(void*) == 0U, "there is a record behind it");
    BOOST_TEST(all.book.live.at(odd).align >= alignof(void*));
    all.pool.deallocate(odd, largest + 1, 1);
    void* const aligned = all.pool.allocate(1, 4096);
    BOOST_TEST(all.book.live.at(aligned).align == 4096U, "by its alignment too");
    all.pool.deallocate(aligned, 1, 4096);
    void* const none = all.pool.allocate(0, 4096);
    BOOST_TEST(all.book.live.contains(none));
    all.pool.deallocate(none, 0, 4096);
    BOOST_TEST(all.book.live.size() == 1U);
}

BOOST_AUTO_TEST_CASE(gives_large_blocks_back_in_any_order) {
    over_probe<> all{{.largest_required_pool_block = 8}};
    std::vector<int> order{0, 1, 2};
    do {
        std::array<void*, 3> blocks{};
        for (void*& at : blocks) { at = all.pool.allocate(1000, 16); }
        for (const int i : order) {
            std::memset(blocks[static_cast<std::size_t>(i)], 0xff, 1000);
            all.pool.deallocate(blocks[static_cast<std::size_t>(i)], 1000, 16);
        }
        BOOST_TEST(all.book.live.empty());
    } while (std::next_permutation(order.begin(), order.end()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(releases_every_block_large_ones_too_and_serves_on, Pool, both) {
    over_probe<Pool> all;
    for (int round = 0; round < 3; ++round) {
        std::size_t chunk = 0;
        for (std::size_t bytes = 1; bytes < 100'000; bytes += 1 + bytes / 4) {
            void* const at = all.pool.allocate(bytes, 16);
            std::memset(at, 0xff, bytes);
            if (chunk == 0) { chunk = all.book.bytes(); }
        }
        BOOST_TEST(chunk < 1200U, "and its chunks start small again");
        void* const large = all.pool.allocate(50'000);
        static_cast<void>(all.pool.allocate(60'000));
        all.pool.deallocate(large, 50'000);
        BOOST_TEST(!all.book.live.empty());
        all.pool.release();
        BOOST_TEST(all.book.live.empty());
    }
    all.pool.release();
    BOOST_TEST(all.pool.allocate(8) != nullptr);
}

BOOST_AUTO_TEST_CASE(releases_all_at_its_end) {
    ledger book;
    probing_resource upstream{book};
    {
        std::unique_ptr<std::pmr::memory_resource> pool = std::make_unique<one_thread>(&upstream);
        static_cast<void>(pool->allocate(8));
        static_cast<void>(pool->allocate(50'000));
        BOOST_TEST(book.live.size() == 2U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(passes_on_what_upstream_throws_and_serves_again, Pool, both) {
    over_probe<Pool> all;
    all.book.budget = 0;
    BOOST_CHECK_THROW(static_cast<void>(all.pool.allocate(8)), refused);
    BOOST_CHECK_THROW(static_cast<void>(all.pool.allocate(50'000)), refused);
    all.book.budget = unlimited;
    BOOST_TEST(all.pool.allocate(8) != nullptr);
    BOOST_TEST(all.book.bytes() < 1024U + 128U, "a chunk that was refused does not count");
    BOOST_TEST(all.pool.allocate(50'000) != nullptr);
    test::survives_every_failure<test::over_probe<Pool>>({6000, 64}, 200);
}

BOOST_AUTO_TEST_CASE(is_equal_to_itself_alone) {
    const one_thread a;
    const one_thread b;
    const all_threads c;
    BOOST_TEST((a == a));
    BOOST_TEST((a != b));
    BOOST_TEST((a != c));
    BOOST_TEST((c != a));
    BOOST_TEST(!a.is_equal(*a.upstream_resource()));
}

BOOST_AUTO_TEST_CASE(stands_above_and_below_other_memory) {
    ledger book;
    {
        resource<pool16<test::probe>> below{book};
        one_thread pool{&below};
        std::pmr::unsynchronized_pool_resource theirs{&pool};
        one_thread over_theirs{&theirs};
        test::resource_laws(over_theirs, {700, 256});
        resource<pool16<resource_source>> above{over_theirs};
        test::resource_serves_containers(above);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(holds_its_mutex_during_every_operation) {
    struct watching final : std::pmr::memory_resource {
        void* do_allocate(std::size_t bytes, std::size_t align) override {
            BOOST_TEST(counting_mutex::held == 1);
            return std::pmr::new_delete_resource()->allocate(bytes, align);
        }
        void do_deallocate(void* at, std::size_t bytes, std::size_t align) override {
            BOOST_TEST(counting_mutex::held == 1);
            std::pmr::new_delete_resource()->deallocate(at, bytes, align);
        }
        [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
            return this == &other;
        }
    } upstream;
    counting_mutex::locked = 0;
    {
        alloy::pmr::pool_resource<counting_mutex> pool{&upstream};
        pool.deallocate(pool.allocate(8), 8);
        BOOST_TEST(counting_mutex::locked == 2);
        pool.deallocate(pool.allocate(50'000), 50'000);
        BOOST_TEST(counting_mutex::locked == 4);
        pool.release();
        BOOST_TEST(counting_mutex::locked == 5);
        static_cast<void>(pool.allocate(8));
    }
    BOOST_TEST(counting_mutex::held == 0);
}

BOOST_AUTO_TEST_CASE(is_shared_by_threads_that_release_what_others_allocated) {
    over_probe<all_threads> all;
    using block = std::pair<unsigned char*, std::size_t>;
    std::array<std::vector<block>, 4> boxes;
    std::array<std::mutex, 4> guards;
    std::atomic<int> damaged = 0;
    std::vector<std::thread> threads;
    for (std::size_t self = 0; self < 4; ++self) {
        threads.emplace_back([&, self] {
            std::mt19937_64 random{self};
            for (int i = 0; i < 4'000; ++i) {
                const std::size_t bytes = 1 + random() % 6'000;
                auto* const at = static_cast<unsigned char*>(all.pool.allocate(bytes, 8));
                at[0] = at[bytes - 1] = static_cast<unsigned char>(bytes);
                const std::size_t to = random() % 4;
                std::vector<block> mine;
                {
                    const std::scoped_lock hold{guards[to]};
                    boxes[to].emplace_back(at, bytes);
                }
                {
                    const std::scoped_lock hold{guards[self]};
                    mine.swap(boxes[self]);
                }
                for (const auto& [from, size] : mine) {
                    const auto mark = static_cast<unsigned char>(size);
                    if (from[0] != mark || from[size - 1] != mark) { ++damaged; }
                    all.pool.deallocate(from, size, 8);
                }
            }
        });
    }
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(damaged == 0);
    for (const std::vector<block>& box : boxes) {
        for (const auto& [at, size] : box) { all.pool.deallocate(at, size, 8); }
    }
    all.pool.release();
    BOOST_TEST(all.book.live.empty());
}

BOOST_AUTO_TEST_CASE(outlives_threads_and_may_end_before_them) {
    ledger book;
    probing_resource upstream{book};
    std::optional<all_threads> pool{std::in_place, &upstream};
    void* left = nullptr;
    std::thread{[&] { left = pool->allocate(100); }}.join();
    std::memset(left, 1, 100);
    pool->deallocate(left, 100);

    std::atomic<int> turn = 0;
    std::thread late{[&] {
        left = pool->allocate(100);
        turn = 1;
        turn.notify_one();
        turn.wait(1);
    }};
    turn.wait(0);
    pool.reset();
    BOOST_TEST(book.live.empty());
    turn = 2;
    turn.notify_one();
    late.join();
}

BOOST_AUTO_TEST_CASE(asserts_what_it_can_tell) {
    BOOST_TEST(test::dies([] { one_thread{static_cast<std::pmr::memory_resource*>(nullptr)}; }));
    one_thread pool;
    void* const at = pool.allocate(10'000, 8);
    BOOST_TEST(test::dies([&] { pool.deallocate(at, 9'000, 8); }), "a large block's size");
    pool.deallocate(at, 10'000, 8);
}

#if defined(ALLOY_HAS_ASAN)
BOOST_AUTO_TEST_CASE(shows_misuse_to_the_sanitizer) {
    one_thread pool;
    for (const std::size_t bytes : {0U, 1U, 24U, 100U, 4096U, 50'000U}) {
        for (int round = 0; round < 2; ++round) { // a new block, then one that comes again
            auto* const at = static_cast<volatile char*>(pool.allocate(bytes, 4));
            const auto release = [&] { pool.deallocate(const_cast<char*>(at), bytes, 4); };
            BOOST_TEST(test::dies([&] { at[bytes == 0 ? 1 : bytes] = 1; }), "overflow by one");
            BOOST_TEST(!test::dies(release));
            release();
            BOOST_TEST(test::dies([&] { at[0] = 1; }), "use after free");
            BOOST_TEST(test::dies([&] { at[bytes == 0 ? 0 : bytes - 1] = 1; }));
            BOOST_TEST(test::dies(release), "double free");
        }
        auto* const again = static_cast<volatile char*>(pool.allocate(bytes + 1, 4));
        *again = 1;
        pool.release();
        BOOST_TEST(test::dies([&] { *again = 1; }), "use after release");
    }
}
#endif
