// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/handle.hpp>

#include <alloy/adapt/shared.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/source/null.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/elsewhere.hpp"
#include "support/probe.hpp"

#include <cstdio>
#include <cstdlib>
#include <list>
#include <map>
#include <type_traits>
#include <utility>

using namespace alloy;
using test::everywhere;
using test::ledger;
using test::probe;

// What is a handle, and what is not.
static_assert(handle_policy<everywhere> && handle_policy<ref<bump<>>> &&
              handle_policy<shared<bump<>>>);
static_assert(handle_policy<new_source> && handle_policy<null_source>,
              "a stateless policy is its own handle");
static_assert(!handle_policy<bump<>> && !handle_policy<pool16<>> &&
                  !handle_policy<locked<pool16<>>>,
              "a place is no handle");
static_assert(policy<const everywhere> && policy<const ref<bump<>>>, "and works when const");

// A global is empty, stateless, constant-initialised, and equal to any other.
static_assert(std::is_empty_v<everywhere> && stateless_policy<everywhere>);
static_assert(everywhere::is_always_equal && everywhere{} == everywhere{});
static_assert(std::is_trivially_copyable_v<everywhere>);
static_assert(thread_safe_v<everywhere> && !single_threaded_v<everywhere>);
static_assert(single_threaded_v<global<single_threaded<pool16<>>>> &&
              !thread_safe_v<global<single_threaded<pool16<>>>>);

static_assert(zero_fresh_v<ref<pages<>>> && !zero_fresh_v<everywhere>);

// A ref is one pointer, made from a policy that has a name.
static_assert(sizeof(ref<bump<>>) == sizeof(void*) && !ref<bump<>>::is_always_equal);
static_assert(std::is_convertible_v<bump<>&, ref<bump<>>>);
static_assert(!std::is_default_constructible_v<ref<bump<>>>);
static_assert(!std::is_constructible_v<ref<bump<>>, const bump<>&>);
static_assert(!std::is_constructible_v<ref<bump<>>, bump<>>, "a temporary would not outlive it");
static_assert(std::is_trivially_copyable_v<ref<bump<>>> && !stateless_policy<ref<bump<>>>);

// What every user may call is there, what belongs to the owner is not.
static_assert(resettable_policy<bump<>> && marking_policy<bump<>> && resizing_policy<bump<>>);
static_assert(resizing_policy<ref<bump<>>> && trimming_policy<ref<bump<>>>);
static_assert(!resettable_policy<ref<bump<>>> && !marking_policy<ref<bump<>>>);
static_assert(!resettable_policy<shared<bump<>>> && !marking_policy<shared<bump<>>>);
static_assert(rounding_policy<everywhere> && trimming_policy<everywhere>);
static_assert(!owning_policy<everywhere> && !resettable_policy<everywhere> &&
              !marking_policy<everywhere>);

namespace {

constinit everywhere by_value; // so is the handle
constinit bump<> arena_before_main;
constinit ref<bump<>> to_arena{arena_before_main};

/// A policy that knows when it ends.
class mortal {
public:
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true;

    constexpr mortal() noexcept = default;
    mortal(const mortal&) = delete;
    mortal& operator=(const mortal&) = delete;
    ~mortal() { alive_ = false; }

    [[nodiscard]] void* allocate(layout want) noexcept {
        ++live_;
        return new_source::allocate(want);
    }
    void deallocate(void* at, layout given) noexcept {
        if (!alive_) { std::_Exit(3); }
        --live_;
        new_source::deallocate(at, given);
    }
    [[nodiscard]] int live() const noexcept { return live_; }
    [[nodiscard]] bool alive() const noexcept { return alive_; }

private:
    volatile bool alive_ = true;
    int live_ = 0;
};

using undying = global<mortal>;

/// Constructed first, so destroyed last, long after main and the framework: what it then releases
/// must still find its policy. A failure can only be told by the exit status.
struct last_of_all {
    last_of_all() : list({1, 2, 3}) {}
    ~last_of_all() {
        if (list.size() != 3 || !undying::instance().alive()) { fail(); }
        list.clear();
        if (undying::instance().live() != 0) { fail(); }
        list.push_back(4);
        list.clear();
    }

    [[noreturn]] static void fail() {
        std::fputs("a process-wide policy was destroyed\n", stderr);
        std::_Exit(1);
    }

    std::list<int, allocator<int, undying>> list;
};
last_of_all the_end; // NOLINT

struct red {};
struct blue {};

} // namespace

BOOST_AUTO_TEST_CASE(reaches_one_instance_from_every_translation_unit) {
    BOOST_TEST(test::instance_elsewhere() == &everywhere::instance());
    BOOST_TEST(test::allocated_before_main());
    void* const at = test::allocate_elsewhere({24, 8});
    by_value.deallocate(at, {24, 8});
    BOOST_TEST(by_value.allocate({24, 8}) == at);
    test::deallocate_elsewhere(at, {24, 8});
}

BOOST_AUTO_TEST_CASE(keeps_one_instance_a_tag) {
    using plain = global<locked<pool16<>>>;
    using in_red = global<locked<pool16<>>, red>;
    using in_blue = global<locked<pool16<>>, blue>;
    static_assert(!std::is_same_v<in_red, in_blue>);
    BOOST_TEST(&plain::instance() != &in_red::instance());
    BOOST_TEST(&in_red::instance() != &in_blue::instance());
    BOOST_TEST(&in_red::instance() == &in_red::instance());
    void* const at = in_red{}.allocate({8, 8});
    in_red{}.deallocate(at, {8, 8});
    BOOST_TEST(in_blue{}.allocate({8, 8}) != at);
    BOOST_TEST(in_red{}.allocate({8, 8}) == at);
}

BOOST_AUTO_TEST_CASE(reaches_one_instance_through_all_rebinds_of_an_allocator) {
    using counted = allocator<int, undying>;
    const int before = undying::instance().live();
    {
        std::map<int, int, std::less<>, counted::rebind<std::pair<const int, int>>::other> map;
        std::list<int, counted> list{1, 2, 3};
        for (int i = 0; i < 10; ++i) { map[i] = i; }
        BOOST_TEST(undying::instance().live() >= before + 13);
    }
    BOOST_TEST(undying::instance().live() == before);
}

BOOST_AUTO_TEST_CASE(refers_to_the_arena_that_it_was_given) {
    BOOST_TEST(to_arena.allocate({8, 8}) != nullptr);
    BOOST_TEST(arena_before_main.held() > 0U);
    bump<> other;
    ref<bump<>> handle{other};
    const ref<bump<>> copy = handle;
    BOOST_TEST((copy == handle));
    BOOST_TEST((copy != to_arena));
    handle = to_arena;
    BOOST_TEST((handle == to_arena));
    BOOST_TEST(copy.allocate({8, 8}) != nullptr);
    BOOST_TEST(other.held() > 0U);
    BOOST_TEST(copy.trim() == 0U);
    arena_before_main.release();
    other.release();
}

BOOST_AUTO_TEST_CASE(works_after_it_was_moved_from) {
    ledger book;
    pool16<probe> pool{book};
    ref<pool16<probe>> from{pool};
    const ref<pool16<probe>> to = std::move(from);
    BOOST_TEST((from == to)); // NOLINT: a moved-from handle still works
    void* const at = from.allocate({8, 8});
    to.deallocate(at, {8, 8});
    BOOST_TEST(from.allocate({8, 8}) == at);
}

BOOST_AUTO_TEST_CASE(is_a_policy_and_conforms_as_one) {
    ledger book;
    {
        pool16<probe> pool{book};
        ref<pool16<probe>> handle{pool};
        test::conformance(handle, {200, 64}, 5'000);
        global<locked<pool16<>>> everything;
        test::conformance(everything, {200, 64}, 5'000);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(may_be_somebodys_upstream) {
    ledger book;
    {
        pool16<probe> pool{book};
        {
            freelist<layout{32, 8}, ref<pool16<probe>>> list{pool};
            void* const at = list.allocate({32, 8});
            BOOST_TEST(at != nullptr);
            BOOST_TEST(book.requests == 1U);
            list.deallocate(at, {32, 8});
            BOOST_TEST(pool.allocate({32, 8}) != at); // still the list's
        }
        static_assert(sizeof(freelist<layout{32, 8}, everywhere>) ==
                          sizeof(freelist<layout{32, 8}>),
                      "an empty handle takes no room");
    }
    BOOST_TEST(book.live.empty());
}
