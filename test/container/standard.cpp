// SPDX-License-Identifier: BSL-1.0
// What else of the standard library takes an allocator; test/preset.cpp has the plain containers.
#include <alloy/preset.hpp>
#include <alloy/source/resource.hpp>

#include "support/probe.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <forward_list>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <scoped_allocator>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // libstdc++'s own, under a sanitizer
#endif
#include <regex>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

using arena = bump<bump_options{}, probe>;
template <class T>
using in_arena = arena_allocator<T, arena>;

template <template <class> class Allocator>
using text_of = std::basic_string<char, std::char_traits<char>, Allocator<char>>;
using arena_text = text_of<in_arena>;
using pool_text = text_of<pool_allocator>;

/// A stateless policy that counts its live blocks.
struct heap : new_source {
    static inline int live = 0;
    [[nodiscard]] static void* allocate(layout want) noexcept {
        ++live;
        return new_source::allocate(want);
    }
    static void deallocate(void* at, layout given) noexcept {
        --live;
        new_source::deallocate(at, given);
    }
};
template <class T>
using in_heap = allocator<T, heap>;

constexpr const char* long_words = "more words than fit into the object of a string";

/// Counts who lives, and throws in the constructor whose turn it is.
struct brittle {
    static inline int alive = 0;
    static inline int throw_at = -1;

    explicit brittle(int n = 0) : value(n) {
        if (throw_at-- == 0) { throw std::runtime_error("brittle"); }
        ++alive;
    }
    brittle(const brittle& other) : brittle(other.value) {}
    brittle& operator=(const brittle&) = default;
    ~brittle() { --alive; }

    friend bool operator==(const brittle& a, const brittle& b) { return a.value == b.value; }
    friend bool operator<(const brittle& a, const brittle& b) { return a.value < b.value; }

    int value;
};

struct brittle_hash {
    std::size_t operator()(const brittle& of) const { return std::hash<int>{}(of.value); }
};

/// All that a type can do to confuse who handles it: no copies, no derivation, an address and a
/// comma of its own, an operator new that must not be asked.
struct difficult final {
    explicit difficult(int n) : value(n) {}
    difficult(difficult&&) = default;
    difficult& operator=(difficult&&) = default;
    difficult(const difficult&) = delete;
    difficult& operator=(const difficult&) = delete;
    ~difficult() = default;

    difficult* operator&() const = delete;
    template <class Any>
    void operator,(Any&&) const = delete;
    static void* operator new(std::size_t size) = delete;
    static void* operator new(std::size_t size, void* at) = delete;
    static void operator delete(void* at) = delete;
    friend bool operator<(const difficult& a, const difficult& b) { return a.value < b.value; }

    int value;
};

/// Knows an allocator and takes it along, as uses_allocator construction wants it.
struct record {
    using allocator_type = in_arena<char>;

    explicit record(const allocator_type& alloc) : name(alloc) {}
    record(const char* words, const allocator_type& alloc) : name(words, alloc) {}
    record(std::allocator_arg_t /*tag*/, const allocator_type& alloc, int n)
        : name(std::to_string(n), alloc) {}
    record(const record& other, const allocator_type& alloc) : name(other.name, alloc) {}
    record(record&& other, const allocator_type& alloc) : name(std::move(other.name), alloc) {}

    arena_text name;
};

template <class C>
constexpr bool moves_without_throwing =
    std::is_nothrow_move_constructible_v<C> && std::is_nothrow_move_assignable_v<C> &&
    std::is_nothrow_swappable_v<C>;
static_assert(moves_without_throwing<std::vector<int, pool_allocator<int>>> &&
              moves_without_throwing<std::vector<int, in_arena<int>>> &&
              moves_without_throwing<pool_text> && moves_without_throwing<arena_text> &&
              moves_without_throwing<std::list<int, pool_allocator<int>>>);
static_assert(std::is_nothrow_default_constructible_v<std::vector<int, pool_allocator<int>>>);

} // namespace

BOOST_AUTO_TEST_CASE(reaches_into_nested_containers_by_a_scoped_allocator) {
    ledger book;
    arena own{book};
    using scoped_text = std::scoped_allocator_adaptor<in_arena<arena_text>>;
    using row = std::vector<arena_text, scoped_text>;
    using scoped_row = std::scoped_allocator_adaptor<in_arena<row>>;
    std::vector<row, scoped_row> table{scoped_row{own}};
    table.emplace_back(3U, arena_text(long_words, own));
    table.emplace_back();
    table.back().emplace_back(long_words);
    table.back().emplace_back(5U, 'x');
    BOOST_TEST((table[0][2].get_allocator() == in_arena<char>(own)));
    BOOST_TEST((table[1][0].get_allocator() == in_arena<char>(own)));
    BOOST_TEST((table[0][0] == table[1][0]));

    using entry = std::pair<const arena_text, row>;
    using scoped_entry = std::scoped_allocator_adaptor<in_arena<entry>>;
    std::map<arena_text, row, std::less<>, scoped_entry> index{scoped_entry{own}};
    index.emplace(std::piecewise_construct, std::forward_as_tuple(long_words),
                  std::forward_as_tuple(2U));
    index.try_emplace(arena_text("b", own)).first->second.emplace_back(long_words);
    for (const auto& [key, words] : index) {
        BOOST_TEST((key.get_allocator() == in_arena<char>(own)));
        BOOST_TEST((words.front().get_allocator() == in_arena<char>(own)));
    }
    BOOST_TEST(index.size() == 2U);
}

BOOST_AUTO_TEST_CASE(gives_each_depth_its_own_arena) {
    ledger book;
    arena outer{book};
    arena inner{book};
    using scoped = std::scoped_allocator_adaptor<in_arena<arena_text>, in_arena<char>>;
    std::list<arena_text, scoped> lines{scoped{in_arena<arena_text>(outer), in_arena<char>(inner)}};
    lines.emplace_back(long_words);
    BOOST_TEST((lines.front().get_allocator() == in_arena<char>(inner)));
    BOOST_TEST((lines.get_allocator().outer_allocator() == in_arena<arena_text>(outer)));
    auto copy = lines;
    copy = lines;
    const auto moved = std::move(copy);
    BOOST_TEST((moved.front().get_allocator() == in_arena<char>(inner)));
}

BOOST_AUTO_TEST_CASE(is_passed_to_an_element_that_uses_it) {
    ledger book;
    arena own{book};
    static_assert(std::uses_allocator_v<record, in_arena<int>>);
    using scoped = std::scoped_allocator_adaptor<in_arena<record>>;
    std::vector<record, scoped> records{scoped{own}};
    records.emplace_back();
    records.emplace_back(long_words);
    records.emplace_back(7);
    for (const record& each : records) {
        BOOST_TEST((each.name.get_allocator() == in_arena<char>(own)));
    }
    BOOST_TEST(records[1].name == long_words);
    BOOST_TEST(records[2].name == "7");

    using pair = std::pair<arena_text, record>;
    const auto both = std::make_obj_using_allocator<pair>(in_arena<char>(own), long_words, "b");
    BOOST_TEST((both.first.get_allocator() == in_arena<char>(own)));
    BOOST_TEST((both.second.name.get_allocator() == in_arena<char>(own)));
    const std::tuple<arena_text, int> mixed(std::allocator_arg, in_arena<char>(own),
                                            arena_text(long_words, own), 1);
    BOOST_TEST((std::get<0>(mixed).get_allocator() == in_arena<char>(own)));
}

BOOST_AUTO_TEST_CASE(mixes_with_polymorphic_allocators_both_ways) {
    std::array<std::byte, 8192> bytes{};
    std::pmr::monotonic_buffer_resource resource(bytes.data(), bytes.size(),
                                                 std::pmr::null_memory_resource());
    std::vector<std::pmr::string, pool_allocator<std::pmr::string>> outside;
    for (int i = 0; i < 20; ++i) { outside.emplace_back(long_words, &resource); }
    BOOST_TEST((outside.back().get_allocator().resource() == &resource));
    BOOST_TEST(outside.back() == long_words);

    std::pmr::vector<pool_text> inside(&resource);
    for (int i = 0; i < 20; ++i) { inside.emplace_back(long_words); }
    BOOST_TEST(inside.back() == long_words);

    using over_resource = allocator<char, resource_source>;
    std::basic_string<char, std::char_traits<char>, over_resource> below{
        long_words, over_resource{resource_source{resource}}};
    BOOST_TEST(below.size() == std::string(long_words).size());
}

BOOST_AUTO_TEST_CASE(serves_the_state_of_a_promise) {
    ledger book;
    arena own{book};
    std::future<arena_text> answer;
    {
        std::promise<arena_text> question(std::allocator_arg, in_arena<int>(own));
        answer = question.get_future();
        question.set_value(arena_text(long_words, own));
    }
    BOOST_TEST(book.served == 1U);
    BOOST_TEST(answer.get() == long_words);
    std::promise<int> pooled(std::allocator_arg, pool_allocator<int>{});
    pooled.set_value(1);
    BOOST_TEST(pooled.get_future().get() == 1);
}

BOOST_AUTO_TEST_CASE(keeps_a_control_block_until_the_last_weak_pointer_ends) {
    ledger book;
    {
        using pool = pool16<probe>;
        pool own{book};
        std::weak_ptr<brittle> weak;
        {
            const auto strong = std::allocate_shared<brittle>(allocator<int, ref<pool>>{own}, 5);
            weak = strong;
            BOOST_TEST(brittle::alive == 1);
        }
        BOOST_TEST(brittle::alive == 0);
        own.trim();
        BOOST_TEST(own.held() > 0U); // the allocator it came by is long gone
        BOOST_TEST(weak.expired());
        weak.reset();
        own.trim();
        BOOST_TEST(own.held() == 0U);
    }
    BOOST_TEST(book.live.empty());
}

#if defined(__cpp_lib_shared_ptr_arrays) && __cpp_lib_shared_ptr_arrays >= 201707L
BOOST_AUTO_TEST_CASE(serves_shared_arrays) {
    ledger book;
    arena own{book};
    {
        const auto row = std::allocate_shared<brittle[]>(in_arena<brittle>(own), 40, brittle(3));
        const auto pair = std::allocate_shared<brittle[2]>(pool_allocator<brittle>{});
        BOOST_TEST(row[39].value == 3);
        BOOST_TEST(pair[1].value == 0);
        BOOST_TEST(brittle::alive == 42);
        struct alignas(64) line {
            char bytes[64];
        };
        const auto lines = std::allocate_shared<line[]>(pool_allocator<line>{}, 3);
        BOOST_TEST(detail::is_aligned(lines.get(), 64));
    }
    BOOST_TEST(brittle::alive == 0);
}
#endif

// Streams and matches make allocators of nothing now and then: theirs are stateless.
BOOST_AUTO_TEST_CASE(serves_streams_and_their_buffers) {
    using text = text_of<in_heap>;
    {
        std::basic_stringstream<char, std::char_traits<char>, in_heap<char>> io;
        for (int i = 0; i < 100; ++i) { io << i << ' '; }
        BOOST_TEST(heap::live > 0);
        int sum = 0;
        for (int n = 0; io >> n;) { sum += n; }
        BOOST_TEST(sum == 4950);
        io.str(text(long_words));
        const auto other = std::move(io);
        BOOST_TEST(other.str() == long_words);
        std::basic_stringbuf<char, std::char_traits<char>, in_heap<char>> bytes{text(long_words)};
        BOOST_TEST(static_cast<char>(bytes.sgetc()) == 'm');
    }
    BOOST_TEST(heap::live == 0);
}

BOOST_AUTO_TEST_CASE(serves_the_matches_of_a_regular_expression) {
    using text = text_of<in_heap>;
    using position = text::const_iterator;
    {
        const text line("key of some length = a value of some length");
        const int before = heap::live;
        std::match_results<position, in_heap<std::sub_match<position>>> found;
        BOOST_TEST(std::regex_match(line.begin(), line.end(), found, std::regex("(.*) = (.*)")));
        BOOST_TEST(heap::live > before);
        BOOST_TEST(found.size() == 3U);
        BOOST_TEST(found.str(2) == "a value of some length");
        const auto copy = found;
        BOOST_TEST((copy == found));
    }
    BOOST_TEST(heap::live == 0);
}

BOOST_AUTO_TEST_CASE(hands_nodes_over_between_equal_arenas) {
    ledger book;
    arena own{book};
    using entry = std::pair<const int, arena_text>;
    using map = std::map<int, arena_text, std::less<>, in_arena<entry>>;
    using hashes =
        std::unordered_map<int, arena_text, std::hash<int>, std::equal_to<>, in_arena<entry>>;
    std::multimap<int, arena_text, std::less<>, in_arena<entry>> many{in_arena<entry>(own)};
    map ordered{in_arena<entry>(own)};
    hashes hashed{in_arena<entry>(own)};
    hashes other{in_arena<entry>(own)};
    for (int i = 0; i < 10; ++i) {
        many.emplace(i, arena_text(long_words, own));
        other.emplace(i, arena_text(long_words, own));
    }
    const arena_text* const at = &many.find(4)->second;
    map::node_type node = many.extract(4);
    BOOST_TEST((node.get_allocator() == in_arena<entry>(own)));
    node.key() = 40;
    const auto inserted = ordered.insert(std::move(node));
    BOOST_TEST(inserted.inserted);
    BOOST_TEST(&inserted.position->second == at);
    ordered.merge(many);
    BOOST_TEST(ordered.size() == 10U);
    BOOST_TEST(many.empty());
    hashed.insert(other.extract(3));
    hashed.merge(other);
    BOOST_TEST(hashed.size() == 10U);

    std::list<int, in_arena<int>> list({1, 3}, own);
    {
        std::list<int, in_arena<int>> gone({2, 4}, own);
        list.merge(gone);
        gone.assign({5, 6});
        list.splice(list.end(), gone, gone.begin());
    }
    BOOST_TEST((list == std::list<int, in_arena<int>>({1, 2, 3, 4, 5}, own)));
    std::forward_list<int, in_arena<int>> forward({2}, own);
    {
        std::forward_list<int, in_arena<int>> gone({1}, own);
        forward.splice_after(forward.before_begin(), gone);
    }
    BOOST_TEST(forward.front() == 1);
}

BOOST_AUTO_TEST_CASE(holds_what_is_final_moved_only_and_overloads_its_operators) {
    std::vector<difficult, pool_allocator<difficult>> row;
    std::deque<difficult, pool_allocator<difficult>> queue;
    std::list<difficult, pool_allocator<difficult>> list;
    std::set<difficult, std::less<>, pool_allocator<difficult>> set;
    using entry = std::pair<const int, difficult>;
    std::unordered_map<int, difficult, std::hash<int>, std::equal_to<>, pool_allocator<entry>> map;
    for (int i = 0; i < 100; ++i) {
        row.emplace_back(i);
        queue.emplace_front(i);
        list.emplace_back(i);
        set.emplace(i);
        map.emplace(i, i);
    }
    row.erase(row.begin());
    auto moved = std::move(row);
    BOOST_TEST(moved.front().value == 1);
    BOOST_TEST(queue.back().value == 0);
    BOOST_TEST(list.back().value == 99);
    BOOST_TEST(set.begin()->value == 0);
    BOOST_TEST(map.at(50).value == 50);
    BOOST_TEST(std::allocate_shared<difficult>(pool_allocator<difficult>{}, 3)->value == 3);

    std::vector<std::unique_ptr<int>, pool_allocator<std::unique_ptr<int>>> owners;
    for (int i = 0; i < 10; ++i) { owners.push_back(std::make_unique<int>(i)); }
    BOOST_TEST(*owners.back() == 9);
}

BOOST_AUTO_TEST_CASE(leaks_nothing_when_any_container_is_interrupted) {
    ledger book;
    {
        using pool = pool16<probe>;
        pool own{book};
        const allocator<brittle, ref<pool>> alloc{own};
        using pairs = allocator<std::pair<const int, brittle>, ref<pool>>;
        const auto survives = [&](auto make, bool copies = true) {
            int thrown = 0;
            for (int turn = 0; turn < 30; ++turn) {
                brittle::throw_at = turn;
                try {
                    auto container = make();
                    for (int i = 0; i < 8; ++i) {
                        if constexpr (requires { typename decltype(container)::mapped_type; }) {
                            container.emplace(i, brittle(i));
                        } else if constexpr (requires { container.before_begin(); }) {
                            container.push_front(brittle(i));
                        } else {
                            container.insert(container.end(), brittle(i));
                        }
                    }
                    if (copies) { const auto copy = container; }
                    container.clear();
                } catch (const std::runtime_error&) { ++thrown; }
                brittle::throw_at = -1;
                BOOST_TEST_REQUIRE(brittle::alive == 0);
                own.trim();
                BOOST_TEST_REQUIRE(own.held() == 0U);
            }
            BOOST_TEST(thrown > 15);
        };
        using hash = brittle_hash;
        using equal = std::equal_to<>;
        using in_pool = allocator<brittle, ref<pool>>;
        survives([&] { return std::vector<brittle, in_pool>(alloc); });
#if defined(_LIBCPP_VERSION) // its deque forgets what it has copied when the next copy throws
        survives([&] { return std::deque<brittle, in_pool>(alloc); }, false);
#else
        survives([&] { return std::deque<brittle, in_pool>(alloc); });
#endif
        survives([&] { return std::list<brittle, in_pool>(alloc); });
        survives([&] { return std::forward_list<brittle, in_pool>(alloc); });
        survives([&] { return std::set<brittle, std::less<>, in_pool>(alloc); });
        survives([&] { return std::map<int, brittle, std::less<>, pairs>(pairs(alloc)); });
        survives([&] { return std::unordered_set<brittle, hash, equal, in_pool>(alloc); });
        survives([&] {
            return std::unordered_map<int, brittle, std::hash<int>, equal, pairs>(pairs(alloc));
        });
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(packs_bits_and_keeps_a_deque_in_an_arena) {
    ledger book;
    arena own{book};
    std::vector<bool, in_arena<bool>> bits(1'000, true, own);
    bits.insert(bits.begin() + 500, 77, false);
    std::deque<int, in_arena<int>> queue(own);
    for (int i = 0; i < 5'000; ++i) { queue.push_front(i); }
    const std::size_t held = own.held();
    BOOST_TEST(held >= 5'000 * sizeof(int) + 1'000 / 8);
    BOOST_TEST(std::count(bits.begin(), bits.end(), false) == 77);
    BOOST_TEST((std::deque<int, in_arena<int>>(queue).front() == 4'999));
    BOOST_TEST((queue.get_allocator() == in_arena<int>(own)));
}
