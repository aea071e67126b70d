// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/relocate.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

using namespace alloy;

namespace {

/// Counts what is done to its kind. `Mode` says how it may be relocated.
enum class mode { bytes, move, copy, move_only };

template <mode Mode>
struct counted {
    using trivially_relocatable = std::bool_constant<Mode == mode::bytes>;
    static inline int alive = 0;
    static inline int moves = 0;
    static inline int copies = 0;
    static inline int throw_at = -1;

    explicit counted(int n) noexcept : value(n) { ++alive; }
    counted(const counted& other)
        requires(Mode != mode::move_only)
        : value(other.value) {
        if (throw_at-- == 0) { throw std::runtime_error("counted"); }
        ++copies;
        ++alive;
    }
    counted(counted&& other) noexcept(Mode == mode::bytes || Mode == mode::move)
        : value(std::exchange(other.value, -1)) {
        if constexpr (Mode == mode::copy || Mode == mode::move_only) {
            if (throw_at-- == 0) { throw std::runtime_error("counted"); }
        }
        ++moves;
        ++alive;
    }
    counted& operator=(const counted&) = delete;
    counted& operator=(counted&&) = delete;
    ~counted() { --alive; }

    static void reset() {
        moves = 0;
        copies = 0;
        throw_at = -1;
    }

    int value;
};

/// Raw memory for `N` objects.
template <class T, std::size_t N>
struct room {
    [[nodiscard]] T* at() { return reinterpret_cast<T*>(bytes); }

    alignas(T) std::byte bytes[N * sizeof(T)];
};

template <class T>
void make(T* at, int n) {
    for (int i = 0; i < n; ++i) { std::construct_at(at + i, i); }
}

template <class T>
bool is_row(const T* at, int n) {
    for (int i = 0; i < n; ++i) {
        if (at[i].value != i) { return false; }
    }
    return true;
}

struct by_member : std::list<int> {
    using trivially_relocatable = std::true_type;
};
struct not_after_all {
    using trivially_relocatable = std::false_type;
    int value;
};
struct heir : by_member {
    using trivially_relocatable = std::false_type;
};
struct by_specialisation {
    ~by_specialisation() {}
};
struct stateful_deleter {
    stateful_deleter() = default;
    stateful_deleter(const stateful_deleter&) {}
    void operator()(int*) const {}
};

} // namespace

template <>
struct alloy::trivially_relocatable<by_specialisation> : std::true_type {};

namespace {

// What is trivially copyable, and what says so.
static_assert(trivially_relocatable_v<int> && trivially_relocatable_v<int*> &&
              trivially_relocatable_v<std::array<char, 3>>);
static_assert(trivially_relocatable_v<by_member> && trivially_relocatable_v<by_specialisation>);
static_assert(!trivially_relocatable_v<not_after_all> && !trivially_relocatable_v<heir>);
static_assert(!trivially_relocatable_v<int&>);

// Of the standard's, those whose parts are known.
static_assert(trivially_relocatable_v<std::unique_ptr<int>> &&
              trivially_relocatable_v<std::unique_ptr<int[]>> &&
              trivially_relocatable_v<std::unique_ptr<int, void (*)(int*)>>);
static_assert(!trivially_relocatable_v<std::unique_ptr<int, stateful_deleter>> &&
              !trivially_relocatable_v<std::unique_ptr<int, std::function<void(int*)>>>);
static_assert(trivially_relocatable_v<std::shared_ptr<int>> &&
              trivially_relocatable_v<std::weak_ptr<int>>);
static_assert(trivially_relocatable_v<std::pair<int, std::unique_ptr<int>>> &&
              trivially_relocatable_v<std::tuple<>> &&
              trivially_relocatable_v<std::tuple<int, std::shared_ptr<int>>> &&
              trivially_relocatable_v<std::array<std::unique_ptr<int>, 2>>);
static_assert(!trivially_relocatable_v<std::pair<int, std::list<int>>> &&
              !trivially_relocatable_v<std::pair<std::list<int>, int>> &&
              !trivially_relocatable_v<std::tuple<int, std::list<int>>> &&
              !trivially_relocatable_v<std::array<std::list<int>, 2>>);
static_assert(!trivially_relocatable_v<std::string> && !trivially_relocatable_v<std::list<int>>);

template <class T>
inline constexpr bool nothrow = noexcept(relocate(std::declval<T*>(), 1, std::declval<T*>()));
static_assert(nothrow<int> && nothrow<counted<mode::bytes>> && nothrow<counted<mode::move>>);
static_assert(!nothrow<counted<mode::copy>> && !nothrow<counted<mode::move_only>>);

} // namespace

BOOST_AUTO_TEST_CASE(copies_bytes_and_calls_nothing_where_the_type_says_so) {
    using object = counted<mode::bytes>;
    object::reset();
    room<object, 5> from;
    room<object, 5> to;
    make(from.at(), 5);
    relocate(from.at(), 5, to.at());
    BOOST_TEST(is_row(to.at(), 5));
    BOOST_TEST(object::moves + object::copies == 0);
    BOOST_TEST(object::alive == 5);
    std::destroy_n(to.at(), 5);
    BOOST_TEST(object::alive == 0);
}

BOOST_AUTO_TEST_CASE(relocates_bytes_to_where_they_overlap) {
    using object = counted<mode::bytes>;
    object::reset();
    room<object, 8> all;
    make(all.at(), 5);
    relocate(all.at(), 5, all.at() + 3);
    BOOST_TEST(is_row(all.at() + 3, 5));
    relocate(all.at() + 3, 5, all.at() + 1);
    BOOST_TEST(is_row(all.at() + 1, 5));
    std::destroy_n(all.at() + 1, 5);
    BOOST_TEST(object::alive == 0);
}

BOOST_AUTO_TEST_CASE(moves_and_ends_the_others) {
    using object = counted<mode::move>;
    object::reset();
    room<object, 5> from;
    room<object, 5> to;
    make(from.at(), 5);
    relocate(from.at(), 5, to.at());
    BOOST_TEST(is_row(to.at(), 5));
    BOOST_TEST(object::moves == 5);
    BOOST_TEST(object::copies == 0);
    BOOST_TEST(object::alive == 5);
    std::destroy_n(to.at(), 5);
}

BOOST_AUTO_TEST_CASE(copies_what_might_throw_when_moved_so_that_a_throw_changes_nothing) {
    using object = counted<mode::copy>;
    object::reset();
    room<object, 5> from;
    room<object, 5> to;
    make(from.at(), 5);
    for (int turn = 0; turn < 5; ++turn) {
        object::throw_at = turn;
        BOOST_CHECK_THROW(relocate(from.at(), 5, to.at()), std::runtime_error);
        BOOST_TEST(is_row(from.at(), 5));
        BOOST_TEST(object::alive == 5);
    }
    object::reset();
    relocate(from.at(), 5, to.at());
    BOOST_TEST(object::copies == 5);
    BOOST_TEST(object::moves == 0);
    BOOST_TEST(is_row(to.at(), 5));
    BOOST_TEST(object::alive == 5);
    std::destroy_n(to.at(), 5);
}

BOOST_AUTO_TEST_CASE(moves_what_cannot_be_copied_even_if_it_might_throw) {
    using object = counted<mode::move_only>;
    object::reset();
    room<object, 3> from;
    room<object, 3> to;
    make(from.at(), 3);
    object::throw_at = 2;
    BOOST_CHECK_THROW(relocate(from.at(), 3, to.at()), std::runtime_error);
    BOOST_TEST(object::alive == 3); // those at `from`, though moved from
    std::destroy_n(from.at(), 3);
    make(from.at(), 3);
    relocate(from.at(), 3, to.at());
    BOOST_TEST(is_row(to.at(), 3));
    std::destroy_n(to.at(), 3);
    BOOST_TEST(object::alive == 0);
}

BOOST_AUTO_TEST_CASE(relocates_none_from_nowhere) {
    relocate<int>(nullptr, 0, nullptr);
    relocate<std::string>(nullptr, 0, nullptr);
    room<std::unique_ptr<int>, 1> to;
    std::unique_ptr<int> own = std::make_unique<int>(7);
    room<std::unique_ptr<int>, 1> from;
    std::construct_at(from.at(), std::move(own));
    relocate(from.at(), 1, to.at());
    BOOST_TEST(**to.at() == 7);
    std::destroy_at(to.at()); // AddressSanitizer would report a second owner
}
