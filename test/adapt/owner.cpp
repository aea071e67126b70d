// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/owner.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/shared.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/probe.hpp"

#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

using everywhere = locked<pool16<>>;
using watched = ref<probe>;
template <class T, class Policy = everywhere>
using owned = std::unique_ptr<T, deleter<T, Policy>>;
template <class T, class Policy = watched>
using owned_base = std::unique_ptr<T, base_deleter<T, Policy>>;

// A stateless policy costs a pointer nothing.
static_assert(std::is_empty_v<deleter<int, everywhere>> && sizeof(owned<int>) == sizeof(void*));
static_assert(sizeof(owned<int, watched>) == 2 * sizeof(void*));
static_assert(sizeof(owned<int[]>) == 2 * sizeof(void*)); // NOLINT(*-avoid-c-arrays)
static_assert(sizeof(owned_base<int, everywhere>) == 3 * sizeof(void*));

struct first {
    first() = default;
    first(const first&) = delete;
    first& operator=(const first&) = delete;
    virtual ~first() { ++ended; }
    static inline int ended = 0;
    int one = 1;
};
struct second {
    second() = default;
    second(const second&) = delete;
    second& operator=(const second&) = delete;
    virtual ~second() = default;
    int two = 2;
};
struct both : first, second {
    explicit both(std::string words = "a text that is too long for a small string")
        : text(std::move(words)) {}
    std::string text;
};
struct alignas(128) strict : second, first {
    int three = 3;
};
struct diamond_left : virtual second {};
struct diamond_right : virtual second {};
struct diamond : diamond_left, diamond_right {
    std::string text = "another text that is too long for a small string";
};

// Nothing but base_deleter converts to what ends a base.
static_assert(!std::is_convertible_v<deleter<both, watched>, deleter<first, watched>> &&
              !std::is_constructible_v<deleter<first, watched>, deleter<both, watched>>);
static_assert(!std::is_convertible_v<owned<both>, owned<first>>);
static_assert(!std::is_convertible_v<owned<both[]>, owned<first[]>>); // NOLINT(*-avoid-c-arrays)
static_assert(std::is_convertible_v<owned<both, watched>, owned_base<second>>);
static_assert(std::is_convertible_v<owned_base<both>, owned_base<second>>);
static_assert(!std::is_convertible_v<owned_base<second>, owned_base<both>>);
static_assert(!std::is_convertible_v<owned<both, everywhere>, owned_base<second>>,
              "of another policy");
static_assert(!std::is_convertible_v<deleter<first[], watched>, // NOLINT(*-avoid-c-arrays)
                                     base_deleter<first, watched>>);

// What has a handle that needs no telling which may be null.
static_assert(std::is_default_constructible_v<owned<int>> &&
              std::is_default_constructible_v<owned_base<first, everywhere>>);
static_assert(!std::is_default_constructible_v<owned<int, watched>> &&
              !std::is_default_constructible_v<owned_base<first>>);
static_assert(!std::is_convertible_v<watched, deleter<int, watched>>);
static_assert(std::is_nothrow_move_constructible_v<owned<int, watched>>);

// The type says which policy, as it was named.
static_assert(std::is_same_v<decltype(make_unique<int, everywhere>(1)), owned<int>>);
static_assert(
    std::is_same_v<decltype(make_unique<int>(std::declval<watched>(), 1)), owned<int, watched>>);

/// Throws in the constructor whose turn it is, and keeps order.
struct brittle {
    static inline int throw_at = -1;
    static inline std::vector<int> ended{};
    static inline int made = 0;

    brittle() {
        if (throw_at-- == 0) { throw std::runtime_error("brittle"); }
    }
    brittle(const brittle&) = delete;
    brittle& operator=(const brittle&) = delete;
    ~brittle() { ended.push_back(number); }

    int number = made++;
};

/// Only its deleter may end it.
class secret {
public:
    static inline bool ended = false;

private:
    ~secret() { ended = true; }
    friend deleter<secret, watched>;
};

/// Incomplete where it is owned, as behind a stable interface.
class outside {
public:
    explicit outside(probe& source);
    outside(const outside&) = delete;
    outside& operator=(const outside&) = delete;
    ~outside();
    [[nodiscard]] int value() const;

private:
    struct inside;
    owned<inside, watched> inside_;
};
struct outside::inside {
    int value = 42;
};
outside::outside(probe& source) : inside_(make_unique<inside>(watched{source})) {}
outside::~outside() = default;
int outside::value() const { return inside_->value; }

} // namespace

BOOST_AUTO_TEST_CASE(makes_an_object_from_its_arguments_and_gives_its_block_back) {
    ledger book;
    probe source{book};
    {
        const auto text = make_unique<std::string>(watched{source}, 40U, 'x');
        BOOST_TEST(*text == std::string(40, 'x'));
        BOOST_TEST_REQUIRE(book.live.size() == 1U);
        BOOST_TEST((book.live.begin()->second == layout_of<std::string>));
        BOOST_TEST((text.get_deleter().handle() == watched{source}));
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(reaches_a_policy_by_its_type_alone_or_by_its_place) {
    const auto by_type = make_unique<int, everywhere>(1);
    const auto by_handle = make_unique<int, global<everywhere>>(2);
    const auto told = make_unique<int>(global<everywhere>{}, 3);
    bump<> arena;
    const auto by_place = make_unique<int, ref<bump<>>>(arena, 4);
    const auto deduced = make_unique<int>(ref{arena}, 5);
    BOOST_TEST(*by_type + *by_handle + *told + *by_place + *deduced == 15);
}

BOOST_AUTO_TEST_CASE(passes_what_can_only_move) {
    auto inner = make_unique<int, everywhere>(7);
    const auto outer = make_unique<owned<int>, everywhere>(std::move(inner));
    BOOST_TEST(**outer == 7);
    owned<int> none;
    BOOST_TEST(!none);
    none = make_unique<int, everywhere>(8);
    none.reset();
    BOOST_TEST(!none);
}

BOOST_AUTO_TEST_CASE(owns_what_is_const) {
    ledger book;
    probe source{book};
    {
        const auto text = make_unique<const std::string>(watched{source}, "const");
        static_assert(std::is_same_v<decltype(*text), const std::string&>);
        const auto numbers =
            make_unique<const int[]>(watched{source}, 3U); // NOLINT(*-avoid-c-arrays)
        BOOST_TEST(numbers[2] == 0);
        const owned_base<const second> base = make_unique<const both>(watched{source});
        BOOST_TEST(base->two == 2);
        BOOST_TEST(book.live.size() == 3U);
    }
    BOOST_TEST(book.live.empty());
}

// NOLINTBEGIN(*-avoid-c-arrays)
BOOST_AUTO_TEST_CASE(makes_arrays_of_values_and_ends_them_last_first) {
    ledger book;
    probe source{book};
    {
        const auto numbers = make_unique<int[]>(watched{source}, 100U);
        BOOST_TEST((book.live.begin()->second == layout_for<int>(100)));
        for (std::size_t i = 0; i < 100; ++i) { BOOST_TEST_REQUIRE(numbers[i] == 0); }
        BOOST_TEST(numbers.get_deleter().count() == 100U);
        const auto none = make_unique<std::string[]>(watched{source}, 0U);
        BOOST_TEST(none != nullptr);
        BOOST_TEST((none.get_deleter().handle() == watched{source}));
    }
    BOOST_TEST(book.live.empty());
    brittle::made = 0;
    { const auto three = make_unique<brittle[], everywhere>(3U); }
    BOOST_TEST(brittle::ended == (std::vector{2, 1, 0}), boost::test_tools::per_element());
    brittle::ended.clear();
}

BOOST_AUTO_TEST_CASE(gives_the_block_back_where_a_constructor_throws) {
    ledger book;
    probe source{book};
    brittle::throw_at = 0;
    BOOST_CHECK_THROW(static_cast<void>(make_unique<brittle>(watched{source})), std::runtime_error);
    BOOST_TEST(book.live.empty());
    brittle::throw_at = 2;
    BOOST_CHECK_THROW(static_cast<void>(make_unique<brittle[]>(watched{source}, 5U)),
                      std::runtime_error);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(book.served == 2U);
    BOOST_TEST(brittle::ended.size() == 2U);
    brittle::ended.clear();
    brittle::throw_at = -1;
}

BOOST_AUTO_TEST_CASE(throws_without_memory_and_serves_again) {
    ledger book;
    probe source{book};
    book.budget = 0;
    BOOST_CHECK_THROW(static_cast<void>(make_unique<int>(watched{source})), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(make_unique<int[]>(watched{source}, 5U)), std::bad_alloc);
    book.budget = unlimited;
    BOOST_TEST(*make_unique<int>(watched{source}, 3) == 3);
}

BOOST_AUTO_TEST_CASE(refuses_an_array_that_no_block_could_hold) {
    ledger book;
    probe source{book};
    for (const std::size_t n : {any_size / sizeof(int) + 1, SIZE_MAX / sizeof(int) + 2, SIZE_MAX}) {
        BOOST_CHECK_THROW(static_cast<void>(make_unique<int[]>(watched{source}, n)),
                          std::bad_array_new_length);
    }
    BOOST_TEST(book.requests == 0U);
    freelist<layout{64, 8}> list;
    BOOST_CHECK_THROW(static_cast<void>(make_unique<int[]>(ref{list}, 17U)),
                      std::bad_array_new_length);
    BOOST_TEST(make_unique<int[]>(ref{list}, 16U)[15] == 0);
}
// NOLINTEND(*-avoid-c-arrays)

BOOST_AUTO_TEST_CASE(aligns_over_aligned_objects) {
    ledger book;
    probe source{book};
    {
        const auto one = make_unique<strict>(watched{source});
        BOOST_TEST(detail::is_aligned(one.get(), 128));
        const auto many = make_unique<strict[], everywhere>(3U); // NOLINT(*-avoid-c-arrays)
        BOOST_TEST(detail::is_aligned(many.get(), 128));
        BOOST_TEST(many[2].three == 3);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(ends_a_derived_object_through_any_of_its_bases) {
    ledger book;
    probe source{book};
    first::ended = 0;
    const auto gives_back = [&](auto base) {
        BOOST_TEST(book.live.size() == 1U);
        base.reset(); // the probe knows address and layout
        BOOST_TEST(book.live.empty());
    };
    gives_back(owned_base<first>{make_unique<both>(watched{source})});
    gives_back(owned_base<second>{make_unique<both>(watched{source}, "text")}); // not at its start
    gives_back(owned_base<first>{make_unique<strict>(watched{source})});
    BOOST_TEST(first::ended == 3);
    gives_back(owned_base<second>{make_unique<diamond>(watched{source})}); // a virtual base
    gives_back(owned_base<diamond>{make_unique<diamond>(watched{source})});
    gives_back(owned_base<second>{
        owned_base<diamond_right>{make_unique<diamond>(watched{source})}}); // step by step
}

BOOST_AUTO_TEST_CASE(lets_one_base_pointer_own_objects_of_many_sizes_in_turn) {
    ledger book;
    probe source{book};
    {
        owned_base<second> any = make_unique<both>(watched{source});
        BOOST_TEST(any->two == 2);
        any = make_unique<strict>(watched{source});
        any = make_unique<diamond>(watched{source});
        any = make_unique<second>(watched{source});
        BOOST_TEST(book.live.size() == 1U);
        BOOST_TEST((any.get_deleter().handle() == watched{source}));
        std::vector<owned_base<second>> all;
        all.push_back(std::move(any));
        all.push_back(make_unique<diamond>(watched{source}));
        BOOST_TEST(book.live.size() == 2U);
    }
    BOOST_TEST(book.live.empty());
    owned_base<second, everywhere> none;
    BOOST_TEST(!none);
    none = make_unique<both, everywhere>();
    BOOST_TEST(none->two == 2);
}

BOOST_AUTO_TEST_CASE(keeps_a_shared_policy_as_long_as_the_object) {
    ledger book;
    {
        auto all = shared<pool16<probe>>::make(book);
        auto text = make_unique<std::string>(all, "kept");
        all = shared<pool16<probe>>::make(book);
        BOOST_TEST(*text == "kept");
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(asks_no_more_of_a_type_than_unique_ptr_does) {
    ledger book;
    probe source{book};
    {
        const auto one = make_unique<secret>(watched{source});
        const outside facade{source};
        BOOST_TEST(facade.value() == 42);
        BOOST_TEST(book.live.size() == 2U);
    }
    BOOST_TEST(secret::ended);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(leaves_shared_ownership_to_allocate_shared) {
    ledger book;
    probe source{book};
    {
        std::weak_ptr<std::string> weak;
        {
            const auto text = std::allocate_shared<std::string>(
                allocator<std::string, watched>{source}, "shared");
            BOOST_TEST(book.live.size() == 1U);
            weak = text;
        }
        BOOST_TEST(weak.expired());
        BOOST_TEST(book.live.size() == 1U); // the counts outlive the object
        const std::shared_ptr<second> base = make_unique<both>(watched{source});
        BOOST_TEST(base->two == 2);
    }
    BOOST_TEST(book.live.empty());
}
