// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/adapt/object_pool.hpp>

#include <alloy/compose/locked.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/interrupted.hpp"
#include "support/probe.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <new>
#include <random>
#include <set>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using test::dies;
using test::ledger;
using test::probe;

namespace {

/// Counts who lives; throws when told.
struct item {
    static inline int alive = 0;

    explicit item(int n, bool fails = false) : value(n) {
        if (fails) { throw std::runtime_error("item"); }
        ++alive;
    }
    item(const item&) = delete;
    item& operator=(const item&) = delete;
    ~item() { --alive; }

    int value;
};

using items = object_pool<item, ref<probe>>;
template <std::uint32_t Lives>
using mortals = object_pool<int, new_source, Lives>;

static_assert(sizeof(items::key) == 8 && std::is_trivially_copyable_v<items::key>);
static_assert(!std::is_same_v<items::key, object_pool<int>::key>,
              "keys of another type are errors");
static_assert(!std::is_copy_constructible_v<items> && !std::is_move_constructible_v<items>);
static_assert(std::is_constructible_v<items, probe&> && !std::is_constructible_v<items, probe>);
static_assert(std::is_nothrow_default_constructible_v<object_pool<int, locked<pool16<>>>>);
static_assert(std::forward_iterator<items::iterator> &&
              std::forward_iterator<items::const_iterator>);
static_assert(std::is_convertible_v<items::iterator, items::const_iterator> &&
              !std::is_convertible_v<items::const_iterator, items::iterator>);
static_assert(std::is_same_v<decltype(*std::declval<const items&>().begin()), const item&>);
static_assert(std::is_same_v<decltype(std::declval<const items&>().get({})), const item*>);

/// Names its own kind before it is complete, and makes and ends children in its own pool.
struct node {
    object_pool<node>& pool;
    object_key<node> left{};

    node(object_pool<node>& all, int depth) : pool(all) {
        if (depth != 0) { left = pool.key_of(pool.create(all, depth - 1)); }
        if (depth == 7) { throw std::runtime_error("seven is too deep"); }
    }
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    ~node() { pool.destroy(left); }
};

/// Looks for itself as it ends.
struct seeker {
    static inline bool found = true;

    object_pool<seeker>& pool;
    object_key<seeker> own{};

    explicit seeker(object_pool<seeker>& all) : pool(all) {}
    seeker(const seeker&) = delete;
    seeker& operator=(const seeker&) = delete;
    ~seeker() { found = pool.get(own) != nullptr || pool.begin() != pool.end(); }
};

std::vector<int> values(const items& pool) {
    std::vector<int> all;
    std::transform(pool.begin(), pool.end(), std::back_inserter(all),
                   [](const item& each) { return each.value; });
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(takes_no_memory_before_the_first_object_and_returns_all_in_the_end) {
    ledger book;
    probe upstream{book};
    {
        items pool(upstream);
        BOOST_TEST(book.requests == 0U);
        BOOST_TEST(pool.empty());
        BOOST_TEST((pool.begin() == pool.end()));
        for (int i = 0; i < 10'000; ++i) { pool.create(i); }
        BOOST_TEST(pool.size() == 10'000U);
        BOOST_TEST(item::alive == 10'000);
        BOOST_TEST(book.requests <= 8U); // chunks double
        BOOST_TEST((pool.handle() == ref<probe>(upstream)));
    }
    BOOST_TEST(item::alive == 0);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(keeps_objects_where_they_are_and_finds_them_by_key) {
    ledger book;
    probe upstream{book};
    items pool(upstream);
    std::mt19937 random(5);
    std::map<item*, items::key> living;
    std::vector<items::key> dead;
    for (int step = 0; step < 20'000; ++step) {
        if (living.empty() || random() % 5 < 3) {
            item* const made = pool.create(step);
            const bool fresh = living.emplace(made, pool.key_of(made)).second;
            BOOST_TEST_REQUIRE(fresh);
        } else {
            auto chosen = living.begin();
            std::advance(chosen, random() % std::min<std::size_t>(living.size(), 20));
            dead.push_back(chosen->second);
            if (random() % 2 == 0) {
                pool.destroy(chosen->first);
            } else {
                BOOST_TEST_REQUIRE(pool.destroy(chosen->second));
            }
            living.erase(chosen);
        }
        if (random() % 2'000 == 0) { pool.trim(); }
    }
    BOOST_TEST(pool.size() == living.size());
    for (const auto& [at, key] : living) {
        BOOST_TEST_REQUIRE(pool.get(key) == at);
        BOOST_TEST_REQUIRE((pool.key_of(at) == key));
    }
    for (const auto& key : dead) {
        BOOST_TEST_REQUIRE(pool.get(key) == nullptr);
        BOOST_TEST_REQUIRE(!pool.destroy(key));
    }
    const auto& constant = pool;
    BOOST_TEST(constant.get(living.begin()->second) == living.begin()->first);
    BOOST_TEST(static_cast<std::size_t>(std::distance(pool.begin(), pool.end())) == living.size());
}

BOOST_AUTO_TEST_CASE(knows_a_stale_key_whoever_lives_there_now) {
    object_pool<int> pool;
    int* const first = pool.create(1);
    const auto key = pool.key_of(first);
    pool.destroy(first);
    BOOST_TEST(pool.get(key) == nullptr);
    int* const second = pool.create(2);
    BOOST_TEST(second == first); // the same slot
    BOOST_TEST(pool.get(key) == nullptr);
    BOOST_TEST(!pool.destroy(key));
    BOOST_TEST(*second == 2);
    BOOST_TEST(pool.key_of(second).index == key.index);
    BOOST_TEST(pool.get(pool.key_of(second)) == second);
}

BOOST_AUTO_TEST_CASE(finds_nobody_by_a_default_key_or_an_index_beyond_all) {
    object_pool<int> pool;
    BOOST_TEST(pool.get({}) == nullptr);
    pool.destroy(pool.create(1));
    BOOST_TEST(pool.get({}) == nullptr);
    pool.create(2);
    BOOST_TEST(pool.get({}) == nullptr);
    for (const std::uint32_t index : {1'000U, 1'000'000U, UINT32_MAX - 1, UINT32_MAX}) {
        BOOST_TEST(pool.get({index, 0}) == nullptr);
        BOOST_TEST(pool.get({index, 1}) == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(retires_a_slot_whose_generations_are_used_up) {
    mortals<3> pool;
    int* const first = pool.create(0);
    std::vector<mortals<3>::key> keys{pool.key_of(first)};
    pool.destroy(first);
    for (int life = 1; life < 3; ++life) {
        int* const again = pool.create(life);
        BOOST_TEST(again == first);
        keys.push_back(pool.key_of(again));
        pool.destroy(again);
    }
    for (int i = 0; i < 1'000; ++i) {
        int* const other = pool.create(i);
        BOOST_TEST_REQUIRE(other != first);
        pool.destroy(other);
        for (const auto& key : keys) { BOOST_TEST_REQUIRE(pool.get(key) == nullptr); }
    }
    BOOST_TEST(pool.trim() == 0U); // it would forget that the slot is retired
    for (int i = 0; i < 100; ++i) { BOOST_TEST_REQUIRE(pool.create(i) != first); }
}

BOOST_AUTO_TEST_CASE(visits_the_living_in_index_order_while_they_come_and_go) {
    ledger book;
    probe upstream{book};
    items pool(upstream);
    std::vector<item*> made;
    for (int i = 0; i < 1'000; ++i) { made.push_back(pool.create(i)); }
    for (std::size_t i = 0; i < 1'000; i += 2) { pool.destroy(made[i]); }
    std::vector<int> odd;
    for (int i = 1; i < 1'000; i += 2) { odd.push_back(i); }
    BOOST_TEST((values(pool) == odd));

    std::uint32_t last = 0;
    for (auto at = pool.begin(); at != pool.end();) {
        const auto key = pool.key_of(&*at);
        BOOST_TEST_REQUIRE(key.index >= last);
        last = key.index;
        item* const visited = &*at++;
        if (visited->value % 3 == 0) { pool.destroy(visited); }
    }
    for (item& each : pool) {
        BOOST_TEST_REQUIRE(each.value % 3 != 0);
        pool.destroy(&each); // the visited one
    }
    BOOST_TEST(pool.empty());
    pool.trim(); // so that newcomers come in index order
    pool.create(0);
    std::size_t visited = 0;
    for (item& each : pool) {
        if (++visited == 5'000) { break; }
        pool.create(each.value + 1);
    }
    BOOST_TEST(visited == 5'000U); // it ran on into chunks that were not there when it began

    const items::const_iterator from = pool.begin();
    BOOST_TEST(from->value == from.operator->()->value);
    BOOST_TEST((items::iterator() == pool.end()));
}

BOOST_AUTO_TEST_CASE(ends_all_at_once_and_goes_on) {
    ledger book;
    probe upstream{book};
    items pool(upstream);
    std::vector<items::key> keys;
    for (int i = 0; i < 1'000; ++i) { keys.push_back(pool.key_of(pool.create(i))); }
    const std::size_t held = book.bytes();
    pool.clear();
    BOOST_TEST(pool.empty());
    BOOST_TEST(item::alive == 0);
    BOOST_TEST(book.bytes() == held);
    for (const auto& key : keys) { BOOST_TEST_REQUIRE(pool.get(key) == nullptr); }
    for (int i = 0; i < 1'000; ++i) { pool.create(i); }
    BOOST_TEST(book.bytes() == held);
    for (const auto& key : keys) { BOOST_TEST_REQUIRE(pool.get(key) == nullptr); }
}

BOOST_AUTO_TEST_CASE(trims_the_chunks_where_nobody_lives_and_keys_stay_stale) {
    ledger book;
    probe upstream{book};
    items pool(upstream);
    BOOST_TEST(pool.trim() == 0U);
    std::vector<items::key> keys;
    for (int i = 0; i < 5'000; ++i) { keys.push_back(pool.key_of(pool.create(i))); }
    const std::size_t held = book.bytes();
    const std::size_t chunks = book.live.size();
    item* const last = pool.get(keys.back());
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) { pool.destroy(keys[i]); }
    const std::size_t trimmed = pool.trim();
    BOOST_TEST(book.live.size() == 1U);
    BOOST_TEST(book.bytes() + trimmed == held);
    BOOST_TEST(pool.get(keys.back()) == last);
    BOOST_TEST(last->value == 4'999);
    BOOST_TEST((values(pool) == std::vector<int>{4'999}));
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
        BOOST_TEST_REQUIRE(pool.get(keys[i]) == nullptr);
    }
    for (int i = 0; i < 4'999; ++i) { pool.create(i); }
    BOOST_TEST(book.live.size() > 2U);
    BOOST_TEST(book.live.size() <= chunks);
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
        BOOST_TEST_REQUIRE(pool.get(keys[i]) == nullptr);
    }
    pool.clear();
    pool.trim();
    BOOST_TEST(book.live.empty());
    BOOST_TEST(pool.get(keys.back()) == nullptr);
}

BOOST_AUTO_TEST_CASE(is_as_before_if_a_constructor_throws_or_memory_is_out) {
    ledger book;
    probe upstream{book};
    items pool(upstream);
    item* const first = pool.create(1);
    const auto next_index = pool.key_of(first).index + 1;
    for (int i = 0; i < 3; ++i) {
        BOOST_CHECK_THROW(pool.create(2, true), std::runtime_error);
        BOOST_TEST(pool.size() == 1U);
        BOOST_TEST(item::alive == 1);
    }
    BOOST_TEST(pool.get({next_index, 1}) == nullptr);
    item* const second = pool.create(2);
    BOOST_TEST((pool.key_of(second) == items::key{next_index, 1}));

    book.budget = 0;
    const auto fill = [&] {
        for (int i = 0;; ++i) { pool.create(i); }
    };
    BOOST_CHECK_THROW(fill(), std::bad_alloc);
    const std::size_t full = pool.size();
    pool.destroy(second);
    BOOST_TEST(pool.create(7) == second);
    BOOST_TEST(pool.size() == full);
    BOOST_CHECK_THROW(pool.create(8), std::bad_alloc);
    book.budget = 1;
    BOOST_TEST(pool.create(8)->value == 8);
}

BOOST_AUTO_TEST_CASE(lets_objects_make_and_end_others_of_their_pool) {
    object_pool<node> pool;
    node* const root = pool.create(pool, 5);
    BOOST_TEST(pool.size() == 6U);
    BOOST_TEST(pool.get(root->left) != nullptr);
    pool.destroy(root);
    BOOST_TEST(pool.empty());
    BOOST_CHECK_THROW(pool.create(pool, 9), std::runtime_error);
    BOOST_TEST(pool.size() == 7U); // the children of the one that failed
    pool.create(pool, 3);
    pool.clear(); // each ends its child, who is then passed over
    BOOST_TEST(pool.empty());
}

BOOST_AUTO_TEST_CASE(keeps_what_a_handler_makes_while_memory_is_asked_for) {
    using source = test::interrupted<struct under_objects>;
    for (std::size_t meanwhile = 1; meanwhile <= 300; ++meanwhile) { // chunks begun, and used up
        object_pool<std::size_t, source> pool;
        std::vector<std::size_t*> all;
        source::before_next = [&] {
            for (std::size_t i = 0; i < meanwhile; ++i) { all.push_back(pool.create(i)); }
        };
        all.push_back(pool.create(meanwhile));
        BOOST_TEST_REQUIRE(pool.size() == meanwhile + 1);
        std::set<const std::size_t*> living;
        for (const std::size_t& each : pool) { living.insert(&each); }
        BOOST_TEST_REQUIRE(living.size() == meanwhile + 1);
        for (std::size_t i = 0; i <= meanwhile; ++i) { BOOST_TEST_REQUIRE(*all[i] == i); }
        for (std::size_t* const each : all) { pool.destroy(each); }
    }
    BOOST_TEST(source::out == 0U);
}

BOOST_AUTO_TEST_CASE(does_not_trim_while_an_object_is_being_made_or_ended) {
    struct tidy {
        explicit tidy(object_pool<tidy>& all) : pool(all) { BOOST_TEST(pool.trim() == 0U); }
        ~tidy() { BOOST_TEST(pool.trim() == 0U); }
        object_pool<tidy>& pool;
    };
    object_pool<tidy> pool;
    tidy* const alone = pool.create(pool);
    BOOST_TEST((pool.create(pool) != alone));
    pool.clear();
    BOOST_TEST(pool.trim() > 0U);
    BOOST_TEST(pool.empty());
}

BOOST_AUTO_TEST_CASE(does_not_find_an_object_that_is_ending) {
    object_pool<seeker> pool;
    seeker* const one = pool.create(pool);
    one->own = pool.key_of(one);
    BOOST_TEST(pool.get(one->own) == one);
    pool.destroy(one);
    BOOST_TEST(!seeker::found);
}

BOOST_AUTO_TEST_CASE(holds_small_large_and_over_aligned_objects) {
    struct alignas(256) aligned {
        char bytes[256];
    };
    struct odd {
        char bytes[3];
    };
    struct large {
        char bytes[100'000];
    };
    const auto fill = []<class T>(T /*like*/) {
        ledger book;
        probe upstream{book};
        object_pool<T, ref<probe>> pool(upstream);
        std::vector<T*> made;
        for (int i = 0; i < 40; ++i) {
            made.push_back(pool.create());
            BOOST_TEST_REQUIRE(detail::is_aligned(made.back(), alignof(T)));
            *reinterpret_cast<unsigned char*>(made.back()) = static_cast<unsigned char>(i);
        }
        for (std::size_t i = 0; i < made.size(); ++i) {
            BOOST_TEST_REQUIRE(*reinterpret_cast<unsigned char*>(made[i]) == i);
            BOOST_TEST_REQUIRE((pool.get(pool.key_of(made[i])) == made[i]));
        }
    };
    fill(char{});
    fill(odd{});
    fill(aligned{});
    fill(large{});
}

BOOST_AUTO_TEST_CASE(takes_its_chunks_from_an_arena_or_a_process_wide_pool) {
    bump<> arena;
    object_pool<int, ref<bump<>>> in_arena(arena);
    *in_arena.create() = 1;
    BOOST_TEST(arena.held() > 0U);
    object_pool<int, locked<pool16<>>> anywhere;
    BOOST_TEST(*anywhere.create(3) == 3);
}

BOOST_AUTO_TEST_CASE(says_where_it_is_misused) {
    object_pool<long> pool;
    object_pool<long> other;
    long* const mine = pool.create(1L);
    long* const again = pool.create(2L);
    long* const foreign = other.create(3L);
    long nobodys = 0;
    BOOST_TEST(dies([&] { pool.destroy(foreign); }));
    BOOST_TEST(dies([&] { pool.destroy(&nobodys); }));
    BOOST_TEST(dies([&] { pool.destroy(static_cast<long*>(nullptr)); }));
    BOOST_TEST(dies(
        [&] { pool.destroy(reinterpret_cast<long*>(reinterpret_cast<std::byte*>(again) + 4)); }));
    BOOST_TEST(dies([&] {
        pool.destroy(mine);
        pool.destroy(mine);
    }));
    BOOST_TEST(dies([&] { static_cast<void>(pool.key_of(again + 1)); }));
    BOOST_TEST(!dies([&] { pool.destroy(mine); }));
#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
    BOOST_TEST(dies([&] {
        pool.destroy(mine);
        *const_cast<volatile long*>(mine) = 1;
    }));
    BOOST_TEST(dies([&] { const_cast<volatile long*>(mine)[1] = 1; }));  // an overflow by one
    BOOST_TEST(dies([&] { const_cast<volatile long*>(again)[2] = 1; })); // a slot never used
#endif
}
