// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/sealed.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/core/misuse.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <array>
#include <atomic>
#include <concepts>
#include <csignal>
#include <cstddef>
#include <list>
#include <new>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

static_assert(resizing_policy<sealed<pool16<>>> && trimming_policy<sealed<pool16<>>> &&
              marking_policy<sealed<bump<>>> && resettable_policy<sealed<bump<>>> &&
              batching_policy<sealed<rich>> && zeroing_policy<sealed<malloc_source>> &&
              owning_policy<sealed<rich>>);
static_assert(!resizing_policy<sealed<>> && !batching_policy<sealed<>> &&
              !zeroing_policy<sealed<>> && !rounding_policy<sealed<>>);
static_assert(thread_safe_v<sealed<>> && migratory_v<sealed<>> && !thread_safe_v<sealed<bump<>>>);
static_assert(!std::copy_constructible<sealed<>> && !std::movable<sealed<>>);

constinit sealed<pool16<>> before_main; // construction acquires nothing

std::vector<incident> told;

/// Hears of late requests instead of the program's end.
struct listening {
    listening() {
        told.clear();
        before = on_misuse([](const incident& what) noexcept { told.push_back(what); });
    }
    listening(const listening&) = delete;
    listening& operator=(const listening&) = delete;
    ~listening() { on_misuse(before); }
    misuse_handler before = nullptr;
};

bool is_late(const incident& what, layout asked, const void* at = nullptr) {
    return what.kind == misuse::late_request && what.at == at && what.said == asked;
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms_until_it_is_sealed_and_returns_all_to_its_upstream) {
    ledger book;
    {
        sealed<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
        pool.seal();
        pool.unseal();
        test::conformance(pool, {200, 64}, 20'000, 43);
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<sealed<pool16<probe>>>({160, 64});
    test::survives_every_failure<pool16<sealed<probe>>>({160, 64});
    test::never_misaligned(before_main);
}

BOOST_FIXTURE_TEST_CASE(reports_and_refuses_every_request_once_it_is_sealed, listening) {
    rich::record record; // rounds to 32
    sealed<rich> memory{record};
    void* const at = memory.allocate({40, 8});
    record.last = {0, 0};
    memory.seal();
    BOOST_TEST(memory.allocate({41, 8}) == nullptr);
    BOOST_TEST(memory.allocate_zeroed({42, 16}) == nullptr);
    std::array<void*, 3> out{};
    BOOST_TEST(memory.allocate_batch({43, 4}, out.data(), out.size()) == 0U);
    BOOST_TEST(!memory.resize(at, {40, 8}, 65));
    BOOST_TEST_REQUIRE(told.size() == 4U);
    BOOST_TEST(is_late(told[0], {41, 8}));
    BOOST_TEST(is_late(told[1], {42, 16}));
    BOOST_TEST(is_late(told[2], {43, 4}));
    BOOST_TEST(is_late(told[3], {65, 8}, at));
    BOOST_TEST((record.last == layout{0, 0}), "upstream was asked for what is refused");
    BOOST_TEST((record.live.at(at) == layout{40, 8}));
    memory.unseal();
    BOOST_TEST(memory.resize(at, {40, 8}, 65));
    memory.deallocate(at, {65, 8});
    BOOST_TEST(told.size() == 4U);
}

BOOST_FIXTURE_TEST_CASE(lets_pass_what_asks_for_nothing, listening) {
    rich::record record;
    sealed<rich> memory{record};
    std::array<void*, 3> out{};
    BOOST_TEST(memory.allocate_batch({20, 8}, out.data(), out.size()) == 3U);
    void* const at = memory.allocate({40, 8});
    memory.seal();
    BOOST_TEST(memory.owns(at));
    BOOST_TEST(memory.good_size({40, 8}) == 64U);
    BOOST_TEST(memory.resize(at, {40, 8}, 64), "the block has these bytes");
    BOOST_TEST(memory.resize(at, {64, 8}, 10));
    memory.deallocate(at, {10, 8});
    memory.deallocate_batch(out.data(), out.size(), {20, 8});
    BOOST_TEST(record.live.empty());

    sealed<bump<>> arena;
    static_cast<void>(arena.allocate({8, 8}));
    arena.seal();
    const auto here = arena.mark();
    arena.rewind(here);
    arena.reset();
    sealed<pool16<>> pool;
    pool.deallocate(pool.allocate({1'000'000, 8}), {1'000'000, 8});
    pool.deallocate(pool.allocate({40, 8}), {40, 8});
    pool.seal();
    BOOST_TEST(pool.trim() > 0U);
    BOOST_TEST(told.empty());
}

BOOST_FIXTURE_TEST_CASE(leaves_a_pool_above_it_what_that_has, listening) {
    sealed<> system;
    using handle = ref<sealed<>>;
    pool16<handle> pool{system};
    using alloc = allocator<int, ref<pool16<handle>>>;
    std::list<int, alloc> list{alloc{pool}};
    for (int i = 0; i < 100; ++i) { list.push_back(i); }
    system.seal();
    for (int i = 0; i < 100; ++i) { list.pop_front(); }
    for (int i = 0; i < 100; ++i) { list.push_back(i); }
    BOOST_TEST(told.empty());
    const auto fill = [&] {
        for (;;) { list.push_back(7); }
    };
    BOOST_CHECK_THROW(fill(), std::bad_alloc);
    BOOST_TEST(!told.empty());
    BOOST_TEST((told.front().kind == misuse::late_request));
    BOOST_TEST(list.size() >= 100U);
    told.clear();
    system.unseal();
    list.push_back(8);
    BOOST_TEST(list.back() == 8);
    BOOST_TEST(told.empty());
    system.seal(); // what comes back at the end passes
}

BOOST_FIXTURE_TEST_CASE(may_be_sealed_by_another_thread_than_asks, listening) {
    sealed<locked<pool16<>>> pool;
    std::atomic<bool> refused = false;
    std::thread asking([&] {
        for (;;) {
            void* const at = pool.allocate({40, 8});
            if (at == nullptr) { break; }
            pool.deallocate(at, {40, 8});
        }
        refused = true;
    });
    pool.seal();
    asking.join();
    BOOST_TEST(refused);
    BOOST_TEST(told.size() == 1U);
}

BOOST_AUTO_TEST_CASE(aborts_unless_told_otherwise) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL); // Boost.Test's would say more
        ::close(STDERR_FILENO);
        before_main.seal();
        static_cast<void>(before_main.allocate({24, 8}));
        ::_exit(0);
    }
    int status = 0;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFSIGNALED(status));
    BOOST_TEST(WTERMSIG(status) == SIGABRT);
}
