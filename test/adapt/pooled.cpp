// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/pooled.hpp>

#include <alloy/compose/measured.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/probe.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
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

/// Sees every request of every class below, and what comes back; one thread alone uses it.
struct watched {
    static inline ledger book;
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true;

    [[nodiscard]] static void* allocate(layout want) noexcept { return probe(book).allocate(want); }
    static void deallocate(void* at, layout given) noexcept { probe(book).deallocate(at, given); }
};

struct narrow : watched {
    static constexpr std::size_t max_align = 64;
};

/// What the one live block was asked for.
layout asked() {
    BOOST_TEST_REQUIRE(watched::book.live.size() == 1U);
    return watched::book.live.begin()->second;
}

bool all_is_back() { return watched::book.live.empty(); }

/// Rounds to 64, and knows the size of each block only as far as that.
struct roomy {
    static inline std::map<const void*, layout> live;
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true;

    [[nodiscard]] static std::size_t good_size(layout want) noexcept {
        return want.size > any_size ? want.size : detail::round_up(want.size, 64);
    }
    [[nodiscard]] static void* allocate(layout want) noexcept {
        void* const at = new_source::allocate({good_size(want), want.align});
        live.emplace(at, layout{good_size(want), want.align});
        return at;
    }
    static void deallocate(void* at, layout given) noexcept {
        BOOST_TEST((live.at(at) == layout{good_size(given), given.align}));
        std::memset(at, 0xDD, good_size(given)); // all of it is ordinary memory again
        live.erase(at);
        new_source::deallocate(at, given);
    }
    [[nodiscard]] static std::size_t usable_size(const void* at) noexcept {
        return live.at(at).size;
    }
};

using plain = watched;
using sizing = measured<watched>;
static_assert(!measuring_policy<plain> && measuring_policy<sizing> && measuring_policy<roomy>);

/// Throws in the constructor whose turn it is.
struct brittle {
    static inline int alive = 0;
    static inline int throw_at = -1;

    brittle() {
        if (throw_at-- == 0) { throw std::runtime_error("brittle"); }
        ++alive;
    }
    brittle(const brittle&) = delete;
    brittle& operator=(const brittle&) = delete;
    ~brittle() { --alive; }
};

template <class Policy>
struct widget : pooled<widget<Policy>, Policy> {
    brittle part;
    std::array<char, 40> bytes{};
};

template <class Policy>
struct alignas(64) line : pooled<line<Policy>, Policy> {
    brittle part;
    std::array<char, 40> bytes{};
};

template <std::size_t Size>
struct sized : pooled<sized<Size>, plain> {
    std::array<char, Size> bytes;
};

template <class Policy>
struct shape : pooled<shape<Policy>, Policy> {
    virtual ~shape() = default;
};
template <class Policy>
struct circle : shape<Policy> {
    std::array<char, 100> bytes{};
};
template <class Policy>
struct alignas(128) grid : shape<Policy> {
    std::array<char, 100> bytes{};
};

// It is a base that takes no room and costs a class no property.
struct point : pooled<point, plain> {
    int x;
    int y;
};
static_assert(sizeof(point) == 8 && std::is_aggregate_v<point> && std::is_trivial_v<point> &&
              std::is_standard_layout_v<point>);
struct owner_of_point : pooled<owner_of_point, plain> {
    point first;
};
static_assert(sizeof(owner_of_point) == sizeof(point), "one base for each class");

// The usual deletes tell the size, and only a measuring policy does without.
template <class T, class... Args>
concept deletes = requires(void* at, Args... args) {
    { T::operator delete(at, args...) } noexcept;
    { T::operator delete[](at, args...) } noexcept;
};
static_assert(deletes<point, std::size_t> && !deletes<point> && !deletes<widget<sizing>>);
static_assert(!deletes<point, std::align_val_t> && deletes<widget<sizing>, std::align_val_t>);
static_assert(!deletes<point, std::size_t, std::align_val_t>);

template <class T>
bool is_aligned(const T* at, std::size_t align = alignof(T)) {
    return detail::is_aligned(at, align);
}

/// Every form throws the exception of the second constructor, or of the first, and keeps nothing.
template <class New>
void leaks_nothing(New make, int alive = 0) {
    brittle::alive = 0;
    brittle::throw_at = alive;
    const std::size_t before = watched::book.served;
    BOOST_CHECK_THROW(static_cast<void>(make()), std::runtime_error);
    BOOST_TEST(watched::book.served == before + 1);
    BOOST_TEST(brittle::alive == 0);
    BOOST_TEST(all_is_back());
    brittle::throw_at = -1;
}

} // namespace

BOOST_AUTO_TEST_CASE(serves_single_objects_and_arrays_with_their_size) {
    auto* const one = new widget<plain>;
    BOOST_TEST((asked() == layout{sizeof(widget<plain>), 1}));
    delete one;
    BOOST_TEST(all_is_back());

    auto* const many = new widget<plain>[3];
    BOOST_TEST(asked().size == 3 * sizeof(widget<plain>) + sizeof(std::size_t));
    delete[] many;
    auto* const none = new widget<plain>[0];
    BOOST_TEST(asked().size == sizeof(std::size_t));
    delete[] none;
    BOOST_TEST(all_is_back());
    const std::unique_ptr<point[]> trivial{new point[5]}; // NOLINT(*-avoid-c-arrays)
    BOOST_TEST(asked().size == 5 * sizeof(point) + sizeof(std::size_t));
}

BOOST_AUTO_TEST_CASE(asks_for_the_alignment_that_an_object_of_the_size_can_have) {
    const auto align_of = [](auto* object) {
        const layout want = asked();
        BOOST_TEST(want.size == sizeof(*object));
        delete object;
        return want.align;
    };
    BOOST_TEST(align_of(new sized<1>) == 1U);
    BOOST_TEST(align_of(new sized<2>) == 2U);
    BOOST_TEST(align_of(new sized<12>) == 4U);
    BOOST_TEST(align_of(new sized<24>) == 8U);
    BOOST_TEST(align_of(new sized<16>) == 16U);
    BOOST_TEST(align_of(new sized<48>) == 16U);
    BOOST_TEST(align_of(new sized<4096>) == 16U);

    void* const nothing = point::operator new(0); // as a call by hand may ask
    BOOST_TEST((asked() == layout{1, alignof(point)}));
    point::operator delete(nothing, std::size_t{0});
    void* const odd = point::operator new(13); // an object and what trails it
    BOOST_TEST((asked() == layout{13, alignof(point)}));
    point::operator delete(odd, 13);

    auto* const object = new widget<roomy>; // where the policy measures, always the same
    BOOST_TEST((roomy::live.begin()->second == layout{64, __STDCPP_DEFAULT_NEW_ALIGNMENT__}));
    delete object;
    BOOST_TEST(roomy::live.empty());
}

BOOST_AUTO_TEST_CASE(aligns_over_aligned_classes_and_their_arrays) {
    const auto try_all = []<class T>(std::type_identity<T> /*of*/) {
        auto* const one = new T;
        BOOST_TEST(is_aligned(one));
        delete one;
        auto* const many = new T[3];
        BOOST_TEST(is_aligned(many));
        delete[] many;
        BOOST_TEST(all_is_back());
    };
    try_all(std::type_identity<line<plain>>{});
    try_all(std::type_identity<line<sizing>>{});
    try_all(std::type_identity<grid<sizing>>{});

    struct alignas(256) page : line<plain> {}; // stricter still
    try_all(std::type_identity<page>{});
}

BOOST_AUTO_TEST_CASE(asks_for_no_more_alignment_than_its_policy_has) {
    struct alignas(32) wide : pooled<wide, narrow> {
        std::array<std::byte, 128> bytes;
    };
    auto* const object = new wide;
    BOOST_TEST((asked() == layout{128, 64})); // one of 128 bytes could be aligned to as many
    delete object;
    BOOST_TEST(all_is_back());
}

BOOST_AUTO_TEST_CASE(constructs_in_place_without_the_policy) {
    alignas(widget<plain>) std::array<std::byte, 2 * sizeof(widget<plain>)> room;
    const std::size_t before = watched::book.requests;
    auto* const one = new (room.data()) widget<plain>;
    BOOST_TEST(static_cast<void*>(one) == room.data());
    std::destroy_at(one);
    const auto failing = [&] { return new (room.data()) widget<plain>; };
    brittle::throw_at = 0;
    BOOST_CHECK_THROW(static_cast<void>(failing()), std::runtime_error);
    BOOST_TEST(sized<8>::operator new[](8, room.data()) == room.data());
    sized<8>::operator delete[](room.data(), room.data());
    BOOST_TEST(watched::book.requests == before);
}

BOOST_AUTO_TEST_CASE(serves_the_nothrow_and_aligned_forms_where_the_policy_measures) {
    using object = widget<sizing>;
    auto* const one = new (std::nothrow) object;
    BOOST_TEST(asked().size == sizeof(object) + __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    delete one;
    auto* const many = new (std::nothrow) object[3];
    delete[] many;
    auto* const strict = new (std::nothrow) line<sizing>;
    BOOST_TEST(asked().align == 64U);
    delete strict;
    auto* const lines = new (std::nothrow) line<sizing>[2];
    delete[] lines;
    auto* const exact = new (std::align_val_t{256}) object;
    BOOST_TEST(is_aligned(exact, 256));
    std::destroy_at(exact);
    object::operator delete(exact, std::align_val_t{256});
    BOOST_TEST(all_is_back());
}

BOOST_AUTO_TEST_CASE(keeps_no_block_where_a_constructor_throws) {
    leaks_nothing([] { return new widget<plain>; });
    leaks_nothing([] { return new widget<plain>[3]; }, 2);
    leaks_nothing([] { return new line<plain>; });
    leaks_nothing([] { return new line<plain>[3]; }, 2);

    leaks_nothing([] { return new widget<sizing>; });
    leaks_nothing([] { return new widget<sizing>[3]; }, 2);
    leaks_nothing([] { return new line<sizing>; });
    leaks_nothing([] { return new line<sizing>[3]; }, 2);
    leaks_nothing([] { return new (std::align_val_t{256}) widget<sizing>; });
    leaks_nothing([] { return new (std::align_val_t{256}) widget<sizing>[3]; }, 1);
    leaks_nothing([] { return new (std::nothrow) widget<sizing>; });
    leaks_nothing([] { return new (std::nothrow) widget<sizing>[3]; }, 2);
    leaks_nothing([] { return new (std::nothrow) line<sizing>; });
    leaks_nothing([] { return new (std::nothrow) line<sizing>[3]; }, 2);
    leaks_nothing([] { return new (std::align_val_t{256}, std::nothrow) widget<sizing>; });
    leaks_nothing([] { return new (std::align_val_t{256}, std::nothrow) widget<sizing>[3]; });

    brittle::throw_at = 0;
    BOOST_CHECK_THROW(static_cast<void>(new (std::nothrow) widget<roomy>), std::runtime_error);
    brittle::throw_at = 0;
    BOOST_CHECK_THROW(static_cast<void>(new line<roomy>), std::runtime_error);
    BOOST_TEST(roomy::live.empty());
}

BOOST_AUTO_TEST_CASE(throws_bad_alloc_without_memory_and_serves_again) {
    watched::book.budget = 0;
    BOOST_CHECK_THROW(static_cast<void>(new widget<plain>), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(new widget<plain>[2]), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(new line<plain>), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(new line<sizing>), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(new line<sizing>[2]), std::bad_alloc);
    BOOST_TEST(new (std::nothrow) widget<sizing> == nullptr);
    BOOST_TEST(new (std::nothrow) widget<sizing>[2] == nullptr);
    BOOST_TEST(new (std::nothrow) line<sizing> == nullptr);
    BOOST_TEST(new (std::nothrow) line<sizing>[2] == nullptr);
    watched::book.budget = unlimited;
    delete new widget<plain>;
    BOOST_TEST(all_is_back());
    BOOST_CHECK_THROW(static_cast<void>(point::operator new(SIZE_MAX)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(widget<sizing>::operator new(SIZE_MAX)), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(leaves_it_to_the_language_to_refuse_an_array_that_is_too_large) {
    volatile std::size_t n = SIZE_MAX / 4;
    BOOST_CHECK_THROW(static_cast<void>(new widget<plain>[n]), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(new line<sizing>[n]), std::bad_alloc);
    BOOST_TEST(all_is_back());
}

BOOST_AUTO_TEST_CASE(takes_null_back) {
    point::operator delete(nullptr, sizeof(point));
    point::operator delete[](nullptr, sizeof(point));
    widget<sizing>::operator delete(nullptr, std::align_val_t{64});
    widget<sizing>::operator delete[](nullptr, std::align_val_t{64});
    point* volatile none = nullptr;
    delete none;
    delete[] none;
    BOOST_TEST(all_is_back());
}

BOOST_AUTO_TEST_CASE(serves_what_derives_from_the_class_and_is_larger) {
    shape<plain>* const base = new circle<plain>;
    BOOST_TEST(asked().size == sizeof(circle<plain>));
    delete base;
    shape<sizing>* const strict = new grid<sizing>;
    BOOST_TEST(is_aligned(strict, 128));
    delete strict;
    BOOST_TEST(all_is_back());
}

BOOST_AUTO_TEST_CASE(recycles_through_a_pool_that_rounds) {
    using pool = single_threaded<pool16<watched>>;
    {
        struct item : pooled<item, pool> {
            std::array<char, 20> bytes{};
        };
        std::vector<item*> items;
        for (int i = 0; i < 1000; ++i) { items.push_back(new item); }
        for (item* const each : items) { each->bytes.fill('x'); }
        item* const last = items.back();
        delete last;
        items.back() = new item;
        BOOST_TEST(items.back() == last);
        for (const item* const each : items) { delete each; }
    }
    global<pool>::instance().trim();
    BOOST_TEST(all_is_back());
}

namespace {

/// Cannot take a base, so it writes its operators itself.
union by_hand {
    static void* operator new(std::size_t n) { return pooled<by_hand, plain>::operator new(n); }
    static void operator delete(void* at, std::size_t n) noexcept {
        pooled<by_hand, plain>::operator delete(at, n);
    }
    int number;
    float fraction;
};

/// An object that its text trails, so that no sizeof tells how long it is.
class note : pooled<note, plain> {
public:
    static note* make(const char* text) {
        const std::size_t n = std::strlen(text);
        return ::new (operator new(sizeof(note) + n)) note(text, n);
    }
    static void operator delete(note* self, std::destroying_delete_t /*tag*/) {
        const std::size_t n = sizeof(note) + self->length_;
        self->~note();
        pooled::operator delete(self, n);
    }
    ~note() = default;
    [[nodiscard]] std::string text() const {
        return {reinterpret_cast<const char*>(this + 1), length_};
    }

private:
    note(const char* text, std::size_t n) : length_(n) { std::memcpy(this + 1, text, n); }

    std::size_t length_;
};

/// Two bases that are pooled, one of which holds.
struct named : pooled<named, sizing> {
    virtual ~named() = default;
};
struct named_shape : named, shape<plain> {
    using shape<plain>::operator new;
    using shape<plain>::operator new[];
    using shape<plain>::operator delete;
    using shape<plain>::operator delete[];
};

struct pair_of_int {
    int first;
    int second;
};
struct stream { // of another library
    virtual ~stream() = default;
};
struct file : stream {
    explicit file(int number, std::string path = "none")
        : number_(number), path_(std::move(path)) {}
    int number_;
    std::string path_;
};
/// Has operators of its own, which are not wanted.
struct proud {
    static void* operator new(std::size_t /*n*/) { throw std::logic_error("not from here"); }
    static void operator delete(void* /*at*/) {}
};

} // namespace

BOOST_AUTO_TEST_CASE(lends_its_operators_to_a_class_that_can_have_no_base) {
    auto* const object = new by_hand{3};
    BOOST_TEST((asked() == layout{4, 4}));
    delete object;
    BOOST_TEST(all_is_back());
}

BOOST_AUTO_TEST_CASE(serves_an_object_with_a_tail_through_a_destroying_delete) {
    note* const object = note::make("a tail");
    BOOST_TEST((asked() == layout{sizeof(note) + 6, alignof(note)}));
    BOOST_TEST(object->text() == "a tail");
    delete object;
    BOOST_TEST(all_is_back());
}

BOOST_AUTO_TEST_CASE(lets_a_class_say_which_of_two_bases_holds) {
    named* const object = new named_shape;
    BOOST_TEST((asked().size == sizeof(named_shape)));
    delete object;
    delete[] new named_shape[2];
    BOOST_TEST(all_is_back());
}

BOOST_AUTO_TEST_CASE(makes_a_pooled_class_of_one_that_cannot_be_changed) {
    using pair = pooled_as<pair_of_int, plain>;
    static_assert(sizeof(pair) == sizeof(pair_of_int));
    const auto two = std::make_unique<pair>(pair_of_int{1, 2});
    BOOST_TEST(two->second == 2);
    BOOST_TEST((asked() == layout{8, 8}));
    *two = pair_of_int{3, 4};
    BOOST_TEST(pair(*two).first == 3);
    auto braced = std::unique_ptr<pair>(new pair{5, 6});
    BOOST_TEST((braced->first == 5 && braced->second == 6));
    braced.reset();
    static_assert(!std::is_convertible_v<int, pair> && std::is_constructible_v<pair, int>);

    using text = pooled_as<std::string, sizing>;
    BOOST_TEST(text(3, 'x') == "xxx");
    BOOST_TEST(text{}.empty());
    const std::unique_ptr<text> letters{new (std::nothrow) text("letters")};
    BOOST_TEST(*letters == "letters");
    BOOST_TEST(watched::book.live.size() == 2U);

    std::unique_ptr<stream> base{new pooled_as<file, plain>(7, "path")};
    BOOST_TEST(watched::book.live.size() == 3U);
    base.reset(new pooled_as<file, sizing>(8));
    BOOST_TEST(watched::book.live.size() == 3U);
    base.reset();
    static_assert(!std::is_default_constructible_v<pooled_as<file, plain>>);
    static_assert(!std::is_convertible_v<int, pooled_as<file, plain>>, "explicit stays explicit");

    delete new pooled_as<proud, plain>;
    BOOST_TEST(watched::book.live.size() == 2U);
}
