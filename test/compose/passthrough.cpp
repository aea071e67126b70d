// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/passthrough.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/compose/zeroed.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <boost/test/results_collector.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <list>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

static_assert(rounding_policy<passthrough<pool16<>>> && resizing_policy<passthrough<pool16<>>> &&
              trimming_policy<passthrough<pool16<>>> && batching_policy<passthrough<rich>> &&
              zeroing_policy<passthrough<rich>> && lockable_policy<passthrough<locked<pool16<>>>>);
static_assert(!resizing_policy<passthrough<new_source>> &&
                  !batching_policy<passthrough<new_source>> &&
                  !zeroing_policy<passthrough<new_source>> && !trimming_policy<passthrough<rich>>,
              "what upstream lacks is absent though malloc has it");
static_assert(owning_policy<rich> && !owning_policy<passthrough<rich>> &&
                  resettable_policy<bump<>> && !resettable_policy<passthrough<bump<>>> &&
                  !marking_policy<passthrough<bump<>>>,
              "what malloc lacks is absent though upstream has it");
static_assert(measuring_policy<measured<pool16<>>> &&
              !measuring_policy<passthrough<measured<pool16<>>>> &&
              measuring_policy<measured<passthrough<pool16<>>>>);
static_assert(thread_safe_v<passthrough<new_source>> && !thread_safe_v<passthrough<pool16<>>> &&
              migratory_v<passthrough<new_source>> && !migratory_v<passthrough<pool16<>>> &&
              zero_fresh_v<passthrough<zeroed<>>>);
static_assert(passthrough<rich>::max_align == rich::max_align);
static_assert(sizeof(passthrough<pool16<>>) == sizeof(pool16<>) &&
              handle_policy<passthrough<ref<pool16<>>>> &&
              !std::copy_constructible<passthrough<pool16<>>>);

constinit passthrough<pool16<>> before_main; // construction acquires nothing, and asks nothing

/// Runs `call` in a process of its own, which first asks with ALLOY_PASSTHROUGH set to `value`, or
/// not set at all. @return True if all its assertions hold.
template <class Call>
[[nodiscard]] bool holds(const char* value, Call call) {
    namespace unit = boost::unit_test;
    const pid_t child = ::fork();
    if (child == 0) {
        if (value == nullptr) {
            ::unsetenv("ALLOY_PASSTHROUGH");
        } else {
            ::setenv("ALLOY_PASSTHROUGH", value, 1);
        }
        try {
            call();
        } catch (...) { ::_exit(2); }
        const auto id = unit::framework::current_test_case_id();
        ::_exit(unit::results_collector.results(id).p_assertions_failed == 0 ? 0 : 1);
    }
    int status = -1;
    return ::waitpid(child, &status, 0) == child && status == 0;
}

/// Serves a block by so many requests of upstream.
template <std::size_t Requests>
void serve_one() {
    ledger book;
    passthrough<probe> memory{book};
    memory.deallocate(memory.allocate({8, 8}), {8, 8});
    BOOST_TEST(book.requests == Requests);
    BOOST_TEST(book.live.empty());
}

bool all_zero(const void* at, std::size_t size) {
    const auto* const bytes = static_cast<const std::byte*>(at);
    return std::all_of(bytes, bytes + size, [](std::byte b) { return b == std::byte{}; });
}

/// Leaves no free block of this size in malloc that is zero by chance.
void dirty_the_heap(std::size_t size) {
    std::array<void*, 16> blocks{};
    for (void*& each : blocks) {
        each = std::malloc(size);
        std::fill_n(static_cast<volatile unsigned char*>(each), size,
                    static_cast<unsigned char>(1));
    }
    for (void* const each : blocks) { std::free(each); }
}

constexpr const char* set = "1";
constexpr const char* unset = nullptr;

} // namespace

BOOST_AUTO_TEST_CASE(passes_unless_the_variable_is_absent_or_empty_or_0) {
    for (const char* const value : {"1", "yes", "00"}) { BOOST_TEST(holds(value, serve_one<0>)); }
    for (const char* const value : {"0", "", unset}) { BOOST_TEST(holds(value, serve_one<1>)); }
}

BOOST_AUTO_TEST_CASE(conforms_both_ways) {
    for (const char* const value : {unset, set}) {
        BOOST_TEST(holds(value, [] {
            ledger book;
            {
                passthrough<pool16<probe>> pool{book};
                test::conformance(pool, {200, 64});
            }
            BOOST_TEST(book.live.empty());
            rich::record record;
            {
                passthrough<rich> memory{record};
                test::conformance(memory, {200, 64});
            }
            BOOST_TEST(record.live.empty());
            passthrough<locked<freelist<layout{64, 32}>>> list;
            test::conformance(list, {64, 32});
            test::never_misaligned(before_main);
        }));
    }
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_an_upstream_that_is_asked) {
    BOOST_TEST(
        holds(unset, [] { test::survives_every_failure<passthrough<pool16<probe>>>({160, 64}); }));
}

BOOST_AUTO_TEST_CASE(asks_upstream_alone_or_not_at_all) {
    BOOST_TEST(holds(unset, [] {
        rich::record record;
        passthrough<rich> memory{record};
        void* const at = memory.allocate({40, 8});
        BOOST_TEST((record.live.at(at) == layout{40, 8}));
        BOOST_TEST(memory.good_size({40, 8}) == 64U);
        BOOST_TEST(memory.resize(at, {40, 8}, 65));
        memory.deallocate(at, {65, 8});
        memory.deallocate(memory.allocate_zeroed({320, 8}), {320, 8}); // NOLINT: dirty no more
        BOOST_TEST(record.zeroings == 1U);
    }));
    BOOST_TEST(holds(set, [] {
        rich::record record;
        passthrough<rich> memory{record};
        void* const at = memory.allocate({40, 8});
        BOOST_TEST(memory.good_size({40, 8}) == 40U, "malloc's end is the block's");
        BOOST_TEST(!memory.resize(at, {40, 8}, 30));
        memory.deallocate(at, {40, 8});
        std::array<void*, 3> out{};
        BOOST_TEST(memory.allocate_batch({42, 8}, out.data(), out.size()) == 3U);
        memory.deallocate_batch(out.data(), out.size(), {42, 8});
        BOOST_TEST(memory.allocate_batch({8, 512}, out.data(), out.size()) == 0U);
        dirty_the_heap(48);
        void* const zeros = memory.allocate_zeroed({48, 8});
        BOOST_TEST(all_zero(zeros, 48));
        memory.deallocate(zeros, {48, 8});
        BOOST_TEST((record.last == layout{0, 0}), "upstream was asked");
        passthrough<pool16<>> pool;
        pool.deallocate(pool.allocate({40, 8}), {40, 8});
        BOOST_TEST(pool.trim() == 0U);
    }));
}

BOOST_AUTO_TEST_CASE(keeps_the_facts_of_its_upstream_where_malloc_takes_its_place) {
    BOOST_TEST(holds(set, [] {
        passthrough<freelist<layout{64, 32}>> list;
        constexpr std::size_t most = max_size_v<decltype(list)>;
        static_assert(most == max_size_v<freelist<layout{64, 32}>>);
        if constexpr (most < any_size) { BOOST_TEST(list.allocate({most + 1, 1}) == nullptr); }
        BOOST_TEST(list.allocate({8, 2 * list.max_align}) == nullptr);
        dirty_the_heap(48);
        passthrough<zeroed<rich>> memory{*new rich::record}; // NOLINT: asked for nothing
        void* const at = memory.allocate({48, 8});
        BOOST_TEST(all_zero(at, 48));
        memory.deallocate(at, {48, 8});
        std::array<void*, 2> out{};
        dirty_the_heap(48);
        BOOST_TEST(memory.allocate_batch({48, 8}, out.data(), out.size()) == 2U);
        for (void* const each : out) { BOOST_TEST(all_zero(each, 48)); }
        memory.deallocate_batch(out.data(), out.size(), {48, 8});
    }));
}

BOOST_AUTO_TEST_CASE(is_decided_once_by_who_asks_first) {
    for (const char* const value : {unset, set}) {
        BOOST_TEST(holds(value, [value] {
            ledger book;
            passthrough<probe> memory{book};
            void* const at = memory.allocate({8, 8});
            if (value == unset) {
                ::setenv("ALLOY_PASSTHROUGH", set, 1);
            } else {
                ::unsetenv("ALLOY_PASSTHROUGH");
            }
            memory.deallocate(at, {8, 8});
            passthrough<probe> other{book};
            other.deallocate(other.allocate({8, 8}), {8, 8});
            BOOST_TEST(book.requests == (value == unset ? 2U : 0U));
        }));
    }
}

BOOST_AUTO_TEST_CASE(may_be_first_asked_by_many_threads) {
    for (const char* const value : {unset, set}) {
        BOOST_TEST(holds(value, [] {
            static passthrough<locked<pool16<>>> pool;
            std::atomic<int> waiting = 4;
            std::vector<std::thread> threads;
            for (int i = 0; i < 4; ++i) {
                threads.emplace_back([&] {
                    --waiting;
                    while (waiting != 0) {}
                    void* const at = pool.allocate({40, 8});
                    pool.deallocate(at, {40, 8});
                });
            }
            for (std::thread& each : threads) { each.join(); }
            BOOST_TEST(waiting == 0);
        }));
    }
}

BOOST_AUTO_TEST_CASE(serves_containers_both_ways) {
    for (const char* const value : {unset, set}) {
        BOOST_TEST(holds(value, [] {
            using pool = passthrough<locked<pool16<pages<>>>>;
            std::list<int, allocator<int, pool>> list;
            for (int i = 0; i < 1'000; ++i) { list.push_back(i); }
            list.remove_if([](int i) { return i % 2 == 0; });
            BOOST_TEST(list.size() == 500U);
            BOOST_TEST(list.back() == 999);
        }));
    }
}

#if defined(ALLOY_HAS_ASAN)
BOOST_AUTO_TEST_CASE(shows_address_sanitizer_the_end_of_each_block) {
    BOOST_TEST(holds(set, [] {
        passthrough<pool16<>> pool;
        auto* const at = static_cast<char*>(pool.allocate({40, 8}));
        BOOST_TEST(__asan_address_is_poisoned(at + 39) == 0);
        BOOST_TEST(__asan_address_is_poisoned(at + 40) == 1);
        pool.deallocate(at, {40, 8});
        BOOST_TEST(__asan_address_is_poisoned(at) == 1);
    }));
}
#endif
