// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/watched.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/core/no_alloc.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

static_assert(policy<watched<pool16<>>> && rounding_policy<watched<pool16<>>> &&
              resizing_policy<watched<pool16<>>> && trimming_policy<watched<pool16<>>>);
static_assert(!batching_policy<watched<pool16<>>> && !zeroing_policy<watched<pool16<>>> &&
              !owning_policy<watched<pool16<>>> && marking_policy<watched<bump<>>>);
static_assert(thread_safe_v<watched<locked<pool16<>>>> && !thread_safe_v<watched<pool16<>>>);
static_assert(sizeof(watched<pool16<>>) == sizeof(pool16<>), "watching takes no room");
static_assert(!std::copy_constructible<watched<pool16<>>> && !std::movable<watched<pool16<>>>);
static_assert(!std::is_copy_constructible_v<no_alloc_scope>);

constinit watched<pool16<>> before_main; // construction acquires nothing

std::size_t last = 0; // NOLINT: what a handler was told

void remember(std::size_t bytes) noexcept { last = bytes; }

/// Hears of violations instead of the program's end.
struct listening {
    listening() { no_alloc_scope::on_violation(remember); }
    listening(const listening&) = delete;
    listening& operator=(const listening&) = delete;
    ~listening() { no_alloc_scope::on_violation(before); }
    no_alloc_handler before = no_alloc_scope::on_violation(nullptr);
};

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        watched<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<watched<pool16<probe>>>({160, 64});
    test::never_misaligned(before_main);
}

BOOST_FIXTURE_TEST_CASE(sees_every_way_to_ask_for_memory, listening) {
    rich::record record;
    const watched<rich> policy{record};
    const no_alloc_scope quiet;
    void* const a = policy.allocate({40, 8});
    BOOST_TEST(last == 40U);
    void* const b = policy.allocate_zeroed({41, 8});
    BOOST_TEST(last == 41U);
    std::array<void*, 3> batch{};
    BOOST_TEST(policy.allocate_batch({42, 8}, batch.data(), batch.size()) == 3U);
    BOOST_TEST(last == 126U);
    BOOST_TEST(policy.resize(a, {40, 8}, 43));
    BOOST_TEST(last == 43U);
    BOOST_TEST(quiet.violations() == 4U);

    BOOST_TEST(policy.resize(a, {43, 8}, 40));
    BOOST_TEST(policy.owns(a));
    BOOST_TEST(policy.good_size({40, 8}) == 64U);
    policy.deallocate(a, {40, 8});
    policy.deallocate(b, {41, 8});
    policy.deallocate_batch(batch.data(), batch.size(), {42, 8});
    BOOST_TEST(quiet.violations() == 4U, "what comes back is no request");
}

BOOST_FIXTURE_TEST_CASE(counts_in_nested_scopes_and_in_no_scope_not_at_all, listening) {
    const auto request = [] { before_main.deallocate(before_main.allocate({8, 8}), {8, 8}); };
    last = 0;
    request();
    BOOST_TEST(last == 0U);
    {
        const no_alloc_scope outer;
        request();
        {
            const no_alloc_scope inner;
            BOOST_TEST(inner.violations() == 0U);
            request();
            BOOST_TEST(inner.violations() == 1U);
        }
        request();
        BOOST_TEST(outer.violations() == 3U);
    }
    last = 0;
    request();
    BOOST_TEST(last == 0U);
}

BOOST_FIXTURE_TEST_CASE(leaves_other_threads_alone, listening) {
    watched<locked<pool16<>>> shared;
    const no_alloc_scope quiet;
    last = 0;
    std::thread([&] { shared.deallocate(shared.allocate({8, 8}), {8, 8}); }).join();
    BOOST_TEST(last == 0U);
    BOOST_TEST(quiet.violations() == 0U);
}

BOOST_FIXTURE_TEST_CASE(lets_the_handler_itself_allocate, listening) {
    no_alloc_scope::on_violation([](std::size_t bytes) noexcept {
        before_main.deallocate(before_main.allocate({8, 8}), {8, 8});
        last = bytes;
    });
    const no_alloc_scope quiet;
    before_main.deallocate(before_main.allocate({24, 8}), {24, 8});
    before_main.deallocate(before_main.allocate({25, 8}), {25, 8});
    BOOST_TEST(last == 25U);
    BOOST_TEST(quiet.violations() == 2U);
}

BOOST_FIXTURE_TEST_CASE(sees_a_container_grow_and_not_one_that_has_room, listening) {
    bump<bump_options{}, watched<new_source>>
        unseen; // what is watched is what it takes chunks from
    static_cast<void>(unseen.allocate({8, 8}));
    using alloc = allocator<int, ref<watched<pool16<>>>>;
    std::vector<int, alloc> vector(alloc{before_main});
    vector.reserve(10);
    const no_alloc_scope quiet;
    for (int i = 0; i < 10; ++i) { vector.push_back(i); }
    static_cast<void>(unseen.allocate({100, 8}));
    BOOST_TEST(quiet.violations() == 0U);
    vector.push_back(10);
    BOOST_TEST(quiet.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(says_the_size_and_aborts_unless_told_otherwise) {
    std::array<int, 2> ends{};
    BOOST_TEST_REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], STDERR_FILENO);
        std::signal(SIGABRT, SIG_DFL); // Boost.Test's would say more
        const no_alloc_scope quiet;
        static_cast<void>(before_main.allocate({123, 8}));
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string said(200, '\0');
    const ssize_t n = ::read(ends[0], said.data(), said.size());
    said.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    ::close(ends[0]);
    int status = 0;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFSIGNALED(status));
    BOOST_TEST(WTERMSIG(status) == SIGABRT);
    BOOST_TEST(said == "alloy: 123 bytes requested inside a no_alloc_scope\n");
}
