// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/hooked.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"
#include "support/tools.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <vector>

// What the tools' own headers declare does not disagree with what alloy does.
extern "C" {
void heaptrack_malloc(void* at, std::size_t size);
void heaptrack_free(void* at);
}

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

/// Keeps the blocks that are out; fails the test that has one twice, or takes what is not there.
struct book_keeper {
    std::map<void*, layout> live;
    std::size_t told = 0;

    void allocated(void* at, layout has) {
        ++told;
        BOOST_TEST(live.emplace(at, has).second, "a block came twice");
    }
    void released(void* at, layout has) {
        ++told;
        const auto found = live.find(at);
        const bool known = found != live.end() && found->second == has;
        BOOST_TEST(known, "a block went that never came, or with another layout");
        if (known) { live.erase(found); }
    }
};

/// And what it hears besides.
struct full_keeper : book_keeper {
    std::size_t resizes = 0;
    std::size_t resets = 0;

    void resized(void* at, layout had, layout has) {
        ++resizes;
        BOOST_TEST((live.at(at) == had));
        live.at(at) = has;
    }
    void reset() {
        ++resets;
        live.clear();
    }
};

struct deaf_to_releases {
    std::size_t blocks = 0;
    void allocated(void* /*at*/, layout /*has*/) noexcept { ++blocks; }
};
struct deaf_to_requests {
    std::size_t blocks = 0;
    void released(void* /*at*/, layout /*had*/) noexcept { ++blocks; }
};
struct shared_hooks : deaf_to_releases {
    static constexpr bool thread_safe = true;
};
struct deaf_to_blocks {
    std::size_t resets = 0;
    void reset() noexcept { ++resets; }
};

using kept = hooked<book_keeper, rich>;
static_assert(rounding_policy<kept> && resizing_policy<kept> && batching_policy<kept> &&
              zeroing_policy<kept> && owning_policy<kept> &&
              trimming_policy<hooked<book_keeper, pool16<>>>);
static_assert(!resizing_policy<hooked<book_keeper>> && !batching_policy<hooked<book_keeper>> &&
              !zeroing_policy<hooked<book_keeper>> && !owning_policy<hooked<book_keeper>>);
static_assert(resettable_policy<hooked<full_keeper, bump<>>> &&
                  !resettable_policy<hooked<book_keeper, bump<>>> &&
                  !resettable_policy<hooked<full_keeper, pool16<>>>,
              "a reset that nobody hears ends blocks unseen");
static_assert(marking_policy<bump<>> && !marking_policy<hooked<full_keeper, bump<>>>);
static_assert(!thread_safe_v<hooked<deaf_to_releases>> && thread_safe_v<hooked<shared_hooks>> &&
                  !thread_safe_v<hooked<shared_hooks, pool16<>>> &&
                  thread_safe_v<locked<hooked<deaf_to_releases>>>,
              "hooks are safe if they say so");
static_assert(!migratory_v<hooked<shared_hooks>> && migratory_v<hooked<heaptrack_hooks>> &&
              !migratory_v<hooked<heaptrack_hooks, pool16<>>>);
static_assert(sizeof(hooked<heaptrack_hooks, pool16<>>) == sizeof(pool16<>) &&
              sizeof(hooked<tracy_hooks>) == 1);
static_assert(!std::copy_constructible<kept> && !std::movable<kept>);

constinit hooked<shared_hooks, pool16<>> before_main; // construction acquires nothing

/// Hears what a tool is told about `Hooks` over an upstream that rounds to 32 and can resize.
template <class Hooks>
void shows(std::vector<test::told>& told) {
    rich::record record;
    hooked<Hooks, rich> memory{record};
    told.clear();
    void* const at = memory.allocate({40, 8});
    BOOST_TEST(memory.allocate({8, 1'024}) == nullptr);
    BOOST_TEST(memory.resize(at, {40, 8}, 65));
    memory.deallocate(at, {70, 8});
    const std::vector<test::told> expected{{at, 64}, {at, 0}, {at, 96}, {at, 0}};
    BOOST_TEST((told == expected));
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_knows_every_block_that_is_out) {
    ledger book;
    {
        hooked<book_keeper, pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
        BOOST_TEST(pool.hooks().told > 10'000U);
        BOOST_TEST(pool.hooks().live.empty());
    }
    BOOST_TEST(book.live.empty());
    rich::record record;
    hooked<full_keeper, rich> memory{record};
    test::conformance(memory, {200, 64});
    BOOST_TEST(memory.hooks().resizes > 0U);
    BOOST_TEST(memory.hooks().live.empty());
    hooked<book_keeper, rich> simple{record};
    test::conformance(simple, {200, 64});
    BOOST_TEST(simple.hooks().live.empty());
    test::survives_every_failure<hooked<book_keeper, pool16<probe>>>({160, 64});
    test::never_misaligned(before_main);
}

BOOST_AUTO_TEST_CASE(tells_what_a_block_really_has_whatever_size_it_comes_back_with) {
    rich::record record; // rounds to 32
    kept memory{record};
    void* const a = memory.allocate({1, 1});
    void* const b = memory.allocate_zeroed({33, 16});
    BOOST_TEST((memory.hooks().live.at(a) == layout{32, 1}));
    BOOST_TEST((memory.hooks().live.at(b) == layout{64, 16}));
    memory.deallocate(a, {20, 1});
    memory.deallocate(b, {64, 16});
    BOOST_TEST(memory.hooks().told == 4U);
    BOOST_TEST(memory.allocate({8, 512}) == nullptr, "upstream cannot align it");
    BOOST_TEST(memory.hooks().told == 4U);
}

BOOST_AUTO_TEST_CASE(tells_of_each_block_of_a_batch) {
    rich::record record;
    kept memory{record};
    std::array<void*, 3> out{};
    BOOST_TEST(memory.allocate_batch({42, 8}, out.data(), out.size()) == 3U);
    BOOST_TEST(memory.hooks().live.size() == 3U);
    for (void* const each : out) { BOOST_TEST((memory.hooks().live.at(each) == layout{64, 8})); }
    memory.deallocate_batch(out.data(), out.size(), {50, 8});
    BOOST_TEST(memory.hooks().live.empty());
    BOOST_TEST(memory.allocate_batch({8, 512}, out.data(), out.size()) == 0U);
    BOOST_TEST(memory.hooks().told == 6U);
}

BOOST_AUTO_TEST_CASE(tells_of_a_block_that_changes_its_size) {
    rich::record record; // rounds to 32, grows to four times that
    hooked<full_keeper, rich> memory{record};
    void* const at = memory.allocate({32, 8});
    BOOST_TEST(memory.resize(at, {32, 8}, 96));
    BOOST_TEST((memory.hooks().live.at(at) == layout{96, 8}));
    BOOST_TEST(memory.hooks().resizes == 1U);
    BOOST_TEST(!memory.resize(at, {96, 8}, 1'000));
    BOOST_TEST(memory.resize(at, {96, 8}, 80), "it has 96 bytes all the same");
    BOOST_TEST(memory.hooks().resizes == 1U);
    BOOST_TEST(memory.hooks().told == 1U);
    memory.deallocate(at, {80, 8});
    BOOST_TEST(memory.hooks().live.empty());
}

BOOST_AUTO_TEST_CASE(calls_none_that_the_hooks_lack) {
    rich::record record;
    hooked<deaf_to_releases, rich> coming{record};
    void* const a = coming.allocate({32, 8});
    BOOST_TEST(coming.resize(a, {32, 8}, 64));
    coming.deallocate(a, {64, 8});
    BOOST_TEST(coming.hooks().blocks == 2U);
    hooked<deaf_to_requests, rich> going{record};
    void* const b = going.allocate({32, 8});
    BOOST_TEST(going.hooks().blocks == 0U);
    BOOST_TEST(going.resize(b, {32, 8}, 64));
    BOOST_TEST(going.hooks().blocks == 1U);
    going.deallocate(b, {64, 8});
    BOOST_TEST(going.hooks().blocks == 2U);
    hooked<deaf_to_blocks, bump<>> ending;
    ending.deallocate(ending.allocate({32, 8}), {32, 8});
    ending.reset();
    BOOST_TEST(ending.hooks().resets == 1U);
}

BOOST_AUTO_TEST_CASE(tells_before_a_block_goes_and_once_it_is_there) {
    static std::string order;
    struct upstream : new_source {
        static void* allocate(layout want) noexcept {
            order += 'a';
            return new_source::allocate(want);
        }
        static void deallocate(void* at, layout given) noexcept {
            order += 'd';
            new_source::deallocate(at, given);
        }
        void reset() noexcept { order += 'e'; }
    };
    struct hooks {
        void allocated(void* /*at*/, layout /*has*/) noexcept { order += 'A'; }
        void released(void* /*at*/, layout /*had*/) noexcept { order += 'D'; }
        void reset() noexcept { order += 'E'; }
    };
    hooked<hooks, upstream> memory;
    memory.deallocate(memory.allocate({8, 8}), {8, 8});
    memory.reset();
    BOOST_TEST(order == "aADdEe", "else another thread could have the block already");
}

BOOST_AUTO_TEST_CASE(hears_of_a_reset_that_ends_all_blocks) {
    hooked<full_keeper, bump<>> arena;
    static_cast<void>(arena.allocate({24, 8}));
    static_cast<void>(arena.allocate({24, 8}));
    BOOST_TEST(arena.hooks().live.size() == 2U);
    arena.reset();
    BOOST_TEST(arena.hooks().resets == 1U);
    BOOST_TEST(arena.hooks().live.empty());
}

BOOST_AUTO_TEST_CASE(sees_the_nodes_of_a_container) {
    hooked<book_keeper, pool16<>> pool;
    using alloc = allocator<int, ref<hooked<book_keeper, pool16<>>>>;
    std::list<int, alloc> list{alloc{pool}};
    const std::size_t own = pool.hooks().live.size();
    for (int i = 0; i < 10; ++i) { list.push_back(i); }
    BOOST_TEST(pool.hooks().live.size() == own + 10);
    list.clear();
    BOOST_TEST(pool.hooks().live.size() == own);
}

BOOST_AUTO_TEST_CASE(shows_every_block_to_heaptrack) {
    shows<heaptrack_hooks>(test::heaptrack_told);
    ::heaptrack_malloc(&test::heaptrack_told, 7);
    ::heaptrack_free(&test::heaptrack_told);
    BOOST_TEST(test::heaptrack_told.size() == 6U);
}

BOOST_AUTO_TEST_CASE(shows_every_block_to_tracy_even_before_its_profiler_is_there) {
    shows<tracy_hooks>(test::tracy_told);
    BOOST_TEST(test::tracy_unguarded == 0);
}
