// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp" // first: it reroutes ALLOY_ASSERT

#include <alloy/adapt/resource.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/shared.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/resource.hpp>

#include "support/pmr.hpp"

#include <cstdio>
#include <cstdlib>
#include <list>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;
using test::probing_resource;

namespace {

using pool = pool16<probe>;
using arena = bump<bump_options{}, probe>;
using everywhere = global<locked<pool16<>>>;

template <class R>
concept releasable = requires(R& r) {
    { r.release() } noexcept;
};

static_assert(std::is_base_of_v<std::pmr::memory_resource, resource<pool>>);
static_assert(std::is_final_v<resource<pool>>);
static_assert(!std::is_copy_constructible_v<resource<pool>> &&
              !std::is_copy_assignable_v<resource<pool>> &&
              !std::is_move_constructible_v<resource<pool>> &&
              !std::is_move_assignable_v<resource<pool>>);
static_assert(std::is_constructible_v<resource<pool>, ledger&> &&
              !std::is_convertible_v<ledger&, resource<pool>> &&
              !std::is_default_constructible_v<resource<pool>> &&
              std::is_default_constructible_v<resource<pool16<>>>);
static_assert(releasable<resource<arena>> && releasable<resource<locked<bump<>>>>);
static_assert(!releasable<resource<pool>>, "a pool16 cannot reset");
static_assert(!releasable<resource<ref<arena>>>, "and a handle may not");
static_assert(sizeof(resource<new_source>) == sizeof(void*) &&
                  sizeof(resource<everywhere>) == sizeof(void*) &&
                  sizeof(resource<ref<arena>>) == 2 * sizeof(void*),
              "no more than the policy and the way to its functions");
static_assert(std::is_nothrow_constructible_v<resource<pool16<>>>);

constinit resource<pool16<>> before_main{};

/// Writes down what it is asked, and serves it.
class recorder {
public:
    static constexpr std::size_t max_align = 64;

    explicit recorder(std::vector<layout>& asked, std::vector<layout>& returned)
        : asked_(&asked), returned_(&returned) {}

    [[nodiscard]] void* allocate(layout want) noexcept {
        asked_->push_back(want);
        return want.align > max_align ? nullptr : new_source::allocate(want);
    }
    void deallocate(void* at, layout given) noexcept {
        returned_->push_back(given);
        new_source::deallocate(at, given);
    }

private:
    std::vector<layout>* asked_;
    std::vector<layout>* returned_;
};

/// Thread-safe, and counts what is live.
class counting {
public:
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true;

    constexpr counting() noexcept = default;
    counting(const counting&) = delete;
    counting& operator=(const counting&) = delete;
    ~counting() { std::_Exit(3); } // nobody ends it

    [[nodiscard]] void* allocate(layout want) noexcept {
        ++live;
        return new_source::allocate(want);
    }
    void deallocate(void* at, layout given) noexcept {
        --live;
        new_source::deallocate(at, given);
    }

    int live = 0;
};
using undying = global<counting>;

/// Constructed before all other objects and destroyed after them: a failure can only be told by the
/// exit status.
struct first_and_last {
    first_and_last() : numbers({1, 2, 3}, resource_of<counting>()) {}
    ~first_and_last() {
        numbers.push_back(4);
        if (numbers.size() != 4 || undying::instance().live != 4) { fail(); }
        numbers.clear();
        if (undying::instance().live != 0) { fail(); }
    }

    [[noreturn]] static void fail() {
        std::fputs("a process-wide resource did not serve to the end\n", stderr);
        std::_Exit(1);
    }

    std::pmr::list<int> numbers;
};
[[gnu::init_priority(101)]] first_and_last the_list; // NOLINT

} // namespace

BOOST_AUTO_TEST_CASE(keeps_the_laws_over_any_policy_and_returns_all_to_upstream) {
    ledger book;
    {
        resource<pool> pooled{book};
        test::resource_laws(pooled, {300, 64});
        resource<probe> bare{book};
        test::resource_laws(bare, {300, 64});
        resource<arena> in_arena{book};
        test::resource_laws(in_arena, {300, 64});
    }
    BOOST_TEST(book.live.empty());
    resource<everywhere> shared_by_all;
    test::resource_laws(shared_by_all, {300, 64});
}

BOOST_AUTO_TEST_CASE(serves_the_standard_containers) {
    ledger book;
    {
        resource<pool> pooled{book};
        test::resource_serves_containers(pooled);
        resource<probe> bare{book};
        test::resource_serves_containers(bare);
        resource<arena> in_arena{book};
        test::resource_serves_containers(in_arena);
    }
    BOOST_TEST(book.live.empty());
    test::resource_serves_containers(*resource_of<everywhere>());
}

BOOST_AUTO_TEST_CASE(passes_each_block_back_with_the_layout_that_it_was_asked_for) {
    std::vector<layout> asked;
    std::vector<layout> returned;
    resource<recorder> all{asked, returned};
    const std::vector<layout> calls{{24, 8}, {0, 1}, {0, 64}, {7, 4}, {100, 64}};
    for (const auto [bytes, align] : calls) {
        all.deallocate(all.allocate(bytes, align), bytes, align);
    }
    const std::vector<layout> expected{{24, 8}, {1, 1}, {1, 64}, {7, 4}, {100, 64}};
    BOOST_TEST((asked == expected));
    BOOST_TEST((returned == expected));
}

BOOST_AUTO_TEST_CASE(refuses_what_no_policy_can_serve_and_serves_again) {
    std::vector<layout> asked;
    std::vector<layout> returned;
    resource<recorder> all{asked, returned};
    volatile std::size_t bytes = any_size; // volatile: no warning that it is large
    BOOST_CHECK_THROW(static_cast<void>(all.allocate(bytes + 1, 1)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(all.allocate(SIZE_MAX - bytes, 64)), std::bad_alloc);
    BOOST_TEST(asked.empty(), "what is above any_size reaches no policy");
    BOOST_CHECK_THROW(static_cast<void>(all.allocate(bytes, 1)), std::bad_alloc);
    BOOST_TEST(asked.size() == 1U);
    BOOST_CHECK_THROW(static_cast<void>(all.allocate(1, 128)), std::bad_alloc);
    all.deallocate(all.allocate(1, 64), 1, 64);
    BOOST_TEST(returned.size() == 1U);
}

BOOST_AUTO_TEST_CASE(throws_where_upstream_refuses_and_leaks_nothing_in_mid_growth) {
    ledger book;
    {
        resource<probe> all{book};
        std::pmr::vector<std::pmr::string> names{&all};
        book.budget = 8;
        const std::string name(100, 'x');
        const auto fill = [&] {
            for (;;) { names.emplace_back(name); }
        };
        BOOST_CHECK_THROW(fill(), std::bad_alloc);
        BOOST_TEST(book.live.size() == names.size() + 1);
        book.budget = unlimited;
        names.emplace_back(name);
        BOOST_TEST(names.back().size() == 100U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(releases_all_where_the_policy_can_reset_and_serves_on) {
    ledger book;
    {
        resource<arena> all{book};
        static_cast<void>(all.allocate(100, 8));
        static_cast<void>(all.allocate(100'000, 8));
        BOOST_TEST(book.live.size() == 2U);
        all.release();
        BOOST_TEST(book.live.empty());
        all.release();
        static_cast<void>(all.allocate(100, 8));
        BOOST_TEST(all.instance().held() == book.bytes());
        BOOST_TEST(book.live.size() == 1U);
    }
    BOOST_TEST(book.live.empty(), "and the destructor does the same");
}

BOOST_AUTO_TEST_CASE(is_equal_to_itself_alone) {
    ledger book;
    pool shared_pool{book};
    resource a{ref{shared_pool}};
    resource b{ref{shared_pool}};
    static_assert(std::is_same_v<decltype(a), resource<ref<pool>>>);
    BOOST_TEST((a == a));
    BOOST_TEST((a != b));
    BOOST_TEST((b != a));
    BOOST_TEST((a != *resource_of<new_source>()));
    static_assert(noexcept(a == b));
}

BOOST_AUTO_TEST_CASE(holds_a_handle_to_a_policy_that_lives_elsewhere) {
    ledger book;
    {
        pool shared_pool{book};
        void* at = nullptr;
        {
            resource borrowed{ref{shared_pool}};
            at = borrowed.allocate(24, 8);
        }
        resource<ref<pool>> another{shared_pool};
        BOOST_TEST((another.instance() == ref{shared_pool}));
        another.deallocate(at, 24, 8);
        BOOST_TEST(shared_pool.allocate({24, 8}) == at);
    }
    BOOST_TEST(book.live.empty());
    auto kept = shared<arena>::make(book);
    resource keeps{kept};
    kept = shared<arena>::make(book);
    BOOST_TEST(keeps.allocate(1, 1) != nullptr);
    BOOST_TEST(book.live.size() == 1U);
}

BOOST_AUTO_TEST_CASE(reaches_one_resource_a_stateless_handle_without_naming_it) {
    BOOST_TEST(resource_of<everywhere>() == resource_of<everywhere>());
    BOOST_TEST(resource_of<locked<pool16<>>>() == resource_of<everywhere>(),
               "a bare policy means its global");
    BOOST_TEST(!resource_of<everywhere>()->is_equal(*resource_of<new_source>()));
    BOOST_TEST(undying::instance().live == 3, "it served before main()");
    BOOST_TEST(the_list.numbers.get_allocator().resource() == resource_of<undying>());
    void* const at = resource_of<everywhere>()->allocate(24, 8);
    resource_of<everywhere>()->deallocate(at, 24, 8);
    BOOST_TEST(everywhere{}.allocate({24, 8}) == at);
    everywhere{}.deallocate(at, {24, 8});
}

BOOST_AUTO_TEST_CASE(may_be_the_default_resource) {
    std::pmr::memory_resource* const before =
        std::pmr::set_default_resource(resource_of<everywhere>());
    const std::pmr::vector<int> numbers{1, 2, 3};
    BOOST_TEST(numbers.get_allocator().resource() == resource_of<everywhere>());
    std::pmr::set_default_resource(before);
}

BOOST_AUTO_TEST_CASE(is_constant_initialised_with_a_policy_that_is) {
    void* const at = before_main.allocate(8, 8);
    BOOST_TEST(at != nullptr);
    before_main.deallocate(at, 8, 8);
}

BOOST_AUTO_TEST_CASE(stands_above_and_below_the_pools_of_the_library) {
    ledger book;
    {
        resource<pool> below{book};
        std::pmr::unsynchronized_pool_resource theirs{&below};
        resource<pool16<resource_source>> above{theirs};
        test::resource_serves_containers(theirs);
        test::resource_serves_containers(above);
        std::vector<int, allocator<int, resource_source>> numbers{resource_source{below}};
        for (int i = 0; i < 1000; ++i) { numbers.push_back(i); }
        BOOST_TEST(numbers.back() == 999);
        BOOST_TEST(!book.live.empty());
    }
    BOOST_TEST(book.live.empty());
}

#if defined(ALLOY_HAS_ASAN)
BOOST_AUTO_TEST_CASE(shows_misuse_to_the_sanitizer) {
    resource<pool16<>> all;
    for (const std::size_t bytes : {0U, 20U, 24U, 100U, 1000U}) {
        auto* const at = static_cast<volatile char*>(all.allocate(bytes, 4));
        BOOST_TEST(test::dies([&] { at[bytes == 0 ? 1 : bytes] = 1; }), "overflow by one");
        BOOST_TEST(!test::dies([&] { all.deallocate(const_cast<char*>(at), bytes, 4); }));
        all.deallocate(const_cast<char*>(at), bytes, 4);
        BOOST_TEST(test::dies([&] { at[0] = 1; }), "use after free");
        BOOST_TEST(test::dies([&] { all.deallocate(const_cast<char*>(at), bytes, 4); }));
    }
}
#endif
