// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/adapt/release_all.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/object_pool.hpp>
#include <alloy/adapt/shared.hpp>
#include <alloy/adapt/vector.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/probe.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <scoped_allocator>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

using namespace alloy;
using test::dies;
using test::ledger;
using test::probe;

namespace {

using arena = bump<bump_options{}, probe>;
template <class T>
using in_arena = allocator<T, ref<arena>>;

template <class T>
using list = std::list<T, in_arena<T>>;
template <class T>
using row = std::vector<T, in_arena<T>>;
using text = std::basic_string<char, std::char_traits<char>, in_arena<char>>;
template <class Key, class Value>
using map = std::map<Key, Value, std::less<>, in_arena<std::pair<const Key, Value>>>;

struct text_hash {
    std::size_t operator()(const text& t) const { return std::hash<std::string_view>{}(t); }
};
using dictionary = std::unordered_map<text, row<int>, text_hash, std::equal_to<>,
                                      in_arena<std::pair<const text, row<int>>>>;

/// Counts its destructors.
struct counted {
    static inline int ended = 0;

    explicit counted(int n) : value(n) {}
    counted(const counted&) = default;
    counted& operator=(const counted&) = default;
    ~counted() { ++ended; }

    int value;
};
struct owner {
    std::unique_ptr<int> value;
};
struct log_lines : row<int> {
    using row<int>::row;
    ~log_lines(); // might do anything
};
struct record { // whose implicit destructor ends a member that may be abandoned
    text name;
};

} // namespace

template <>
struct alloy::ends_with<counted, arena> : std::true_type {};
template <>
struct alloy::ends_with<record, arena> : ends_with<text, arena> {};

namespace {

template <class T>
inline constexpr bool ends = ends_with_v<T, arena>;

// What is trivially destructible, and what lives in such an arena with all that it holds.
static_assert(ends<int> && ends<const int> && ends<std::pair<int, const char*>>);
static_assert(ends<text> && ends<list<text>> && ends<map<text, row<list<text>>>> &&
              ends<dictionary>);
static_assert(ends<std::deque<int, in_arena<int>>> &&
              ends<std::set<int, std::less<>, in_arena<int>>>);
static_assert(ends<std::vector<bool, in_arena<bool>>>);
static_assert(ends<const text> && ends<std::pair<const text, text>> &&
              ends<std::tuple<int, text>> && ends<std::array<text, 2>>);
static_assert(ends<alloy::vector<text, ref<arena>>> && ends<object_pool<int, ref<arena>>>);
static_assert(ends<record> && ends<row<counted>>);

// What does not: memory of another kind, at whatever depth, or a destructor that nobody knows.
static_assert(!ends<std::string> && !ends<std::list<int>> && !ends<owner>);
static_assert(!ends<row<std::string>> && !ends<list<row<owner>>> && !ends<map<int, std::string>> &&
              !ends<map<std::string, int>>);
static_assert(!ends<std::pair<text, std::string>> && !ends<std::tuple<std::string, int>> &&
              !ends<std::array<std::string, 2>> && !ends<const std::string>);
static_assert(!ends<std::list<int, allocator<int, shared<arena>>>>, "the count would stay");
static_assert(!ends<std::list<int, allocator<int, ref<bump<>>>>>, "it is another kind of arena");
static_assert(!ends<log_lines> && !ends<list<log_lines>>, "it is more than a container");
static_assert(
    !ends<std::vector<int,
                      std::scoped_allocator_adaptor<in_arena<int>, allocator<int, shared<arena>>>>>,
    "the count within would stay");
static_assert(ends<std::vector<int, std::scoped_allocator_adaptor<in_arena<int>>>>);
static_assert(!ends<alloy::vector<int>> && !ends<alloy::vector<owner, ref<arena>>>);

// Nor may a function object own something.
using compare = std::function<bool(int, int)>;
using hash = std::function<std::size_t(int)>;
using equal = std::function<bool(int, int)>;
static_assert(!ends<std::set<int, compare, in_arena<int>>>);
static_assert(!ends<std::unordered_map<int, int, hash, std::equal_to<>,
                                       in_arena<std::pair<const int, int>>>>);
static_assert(!ends<std::unordered_map<int, int, std::hash<int>, equal,
                                       in_arena<std::pair<const int, int>>>>);

using bulk_list = bulk<list<int>>;
static_assert(!std::is_copy_constructible_v<bulk_list> && !std::is_move_constructible_v<bulk_list>);
static_assert(std::is_constructible_v<bulk_list, arena&> &&
              !std::is_constructible_v<bulk_list, std::string>);
static_assert(std::is_same_v<decltype(*std::declval<const bulk_list&>()), const list<int>&>);

constexpr const char* long_name = "a name that is too long for the string itself";

void fill(dictionary& words, arena& a) {
    for (int i = 0; i < 200; ++i) {
        words.try_emplace(text(long_name + std::to_string(i), a), row<int>(30, i, a));
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(abandons_containers_without_a_destructor_and_the_arena_gets_all_back) {
    ledger book;
    arena a{book};
    void* const first = a.allocate({8, 8});
    a.reset();
    bulk<list<counted>> items(a);
    bulk<map<int, row<counted>>> table(a);
    bulk<row<counted>> numbers(100U, counted{3}, a);
    for (int i = 0; i < 1'000; ++i) {
        items->emplace_back(i);
        table->try_emplace(i, row<counted>(3, counted{i}, a));
    }
    BOOST_TEST(a.held() > 100'000U);
    counted::ended = 0;
    release_all(a, items, table, numbers);
    BOOST_TEST(counted::ended == 0);
    BOOST_TEST((!items && !table && !numbers));
    BOOST_TEST(a.allocate({8, 8}) == first);
    a.reset();
    const std::size_t held = a.held();
    BOOST_TEST(a.trim() == held); // no chunk has a live block
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(abandons_what_is_nested) {
    ledger book;
    arena a{book};
    bulk<dictionary> words(a);
    bulk<list<map<text, list<text>>>> deep(a);
    bulk<alloy::vector<text, ref<arena>>> own(a);
    bulk<object_pool<text, ref<arena>>> pool(a);
    bulk<std::vector<bool, in_arena<bool>>> bits(1'000U, true, a);
    fill(*words, a);
    for (int i = 0; i < 50; ++i) {
        auto& level = deep->emplace_back(a);
        level.try_emplace(text(long_name, a), a).first->second.emplace_back(long_name, a);
        own->emplace_back(long_name, a);
        pool->create(long_name, a);
    }
    {
        text seventh(long_name, a);
        seventh += '7';
        BOOST_TEST(words->at(seventh).back() == 7);
    }
    release_all(a, words, deep, own, pool, bits);
    const std::size_t held = a.held();
    BOOST_TEST(a.trim() == held);
    BOOST_TEST(book.live.empty()); // and LeakSanitizer has nothing to say
}

BOOST_AUTO_TEST_CASE(destroys_a_container_that_was_not_released) {
    ledger book;
    arena a{book};
    counted::ended = 0;
    {
        bulk<list<counted>> items(a);
        for (int i = 0; i < 5; ++i) { items->emplace_back(i); }
    }
    BOOST_TEST(counted::ended == 5);
    {
        bulk<list<std::string>> strings(a); // which could not be released, but held
        strings->emplace_back(long_name);
    }
    BOOST_TEST(counted::ended == 5);
}

BOOST_AUTO_TEST_CASE(can_be_built_again) {
    ledger book;
    arena a{book};
    bulk<dictionary> words(a);
    std::size_t held = 0;
    for (int round = 0; round < 5; ++round) {
        fill(*words, a);
        if (round == 0) { held = a.held(); }
        BOOST_TEST(a.held() == held); // the arena hands out the same bytes again
        BOOST_TEST(words->size() == 200U);
        release_all(a, words);
        BOOST_TEST(!words);
        dictionary& again = words.emplace(a);
        BOOST_TEST((&again == &*words));
        BOOST_TEST(static_cast<bool>(words));
        BOOST_TEST(words->empty());
    }

    counted::ended = 0;
    bulk<list<counted>> items(a);
    items->emplace_back(1);
    items.emplace(3U, counted{2}, a); // ends the old one
    BOOST_TEST(counted::ended == 2);  // with its element, and the pattern
    const auto& constant = items;
    BOOST_TEST(constant->size() == 3U);
    BOOST_TEST((*constant).front().value == 2);
    release_all(a, items);
    release_all(a, items); // of nothing
    BOOST_TEST(!items);
    release_all(a);
    BOOST_TEST(counted::ended == 2);
}

BOOST_AUTO_TEST_CASE(holds_nothing_if_a_container_cannot_be_built) {
    struct never : row<int> {
        explicit never(arena& a) : row<int>(a) {}
        never(arena& a, int /*fails*/) : row<int>(3, 1, a) { throw std::runtime_error("never"); }
    };
    ledger book;
    arena a{book};
    bulk<never> built(a);
    BOOST_CHECK_THROW(built.emplace(a, 1), std::runtime_error);
    BOOST_TEST(!built);
    built.emplace(a);
    BOOST_TEST(static_cast<bool>(built));
    BOOST_CHECK_THROW(bulk<never>(a, 1), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(says_where_it_is_misused) {
    ledger book;
    arena a{book};
    arena b{book};
    bulk<list<int>> mine(a);
    bulk<list<int>> others(b);
    BOOST_TEST(dies([&] { release_all(a, mine, others); }));
    BOOST_TEST(dies([&] { release_all(b, mine); }));
    BOOST_TEST(dies([&] {
        release_all(a, mine);
        mine->push_back(1);
    }));
    const auto& constant = mine;
    BOOST_TEST(dies([&] {
        release_all(a, mine);
        static_cast<void>(constant->size());
    }));
    BOOST_TEST(!dies([&] {
        release_all(a, mine);
        release_all(b, mine, others); // an abandoned one is nobody's
    }));
#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
    mine->push_back(7);
    const volatile int& element = mine->front();
    BOOST_TEST(dies([&] {
        release_all(a, mine);
        static_cast<void>(element + 1);
    }));
#endif
}
