// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/address_table.hpp>

#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>

using namespace alloy;

namespace {

struct valued : detail::addressed {
    int value;
};

template <policy Source = new_source>
using table = detail::address_table<valued, Source>;

/// Meets as many requests as it may, with memory that is not zero, and knows what is out.
struct rationed {
    static constexpr std::size_t max_align = 8;
    static inline int budget = 0;
    static inline std::map<void*, layout> out{};

    [[nodiscard]] static void* allocate(layout want) noexcept {
        if (budget == 0) { return nullptr; }
        --budget;
        void* const at = new_source::allocate(want);
        std::fill_n(static_cast<unsigned char*>(at), want.size, static_cast<unsigned char>(0xDB));
        out.emplace(at, want);
        return at;
    }
    static void deallocate(void* at, layout given) noexcept {
        const auto found = out.find(at);
        BOOST_TEST((found != out.end() && found->second == given));
        out.erase(out.find(at));
        new_source::deallocate(at, given);
    }
};

/// Lets something happen whenever it is asked.
struct interrupting : new_source {
    static inline void (*meanwhile)() = [] {};
    [[nodiscard]] static void* allocate(layout want) noexcept {
        meanwhile();
        return new_source::allocate(want);
    }
};

static_assert(sizeof(table<pages<>>) == 72, "a stateless source takes no room");

constinit table<pages<>> before_main; // construction acquires nothing

void* at(std::uintptr_t where) { return reinterpret_cast<void*>(where); }

template <class T>
bool reserve(T& in) {
    return !in.full() || in.grow();
}

template <class T>
valued* find(const T& in, const void* where) {
    return static_cast<valued*>(in.find(where));
}

template <class T>
void put(T& into, std::uintptr_t where, int value) {
    BOOST_TEST_REQUIRE(reserve(into));
    const valued& fresh = into.insert(at(where), value);
    BOOST_TEST_REQUIRE((fresh.at == at(where) && fresh.value == value));
}

template <class T>
void remove(T& from, void* where) {
    detail::addressed*& gone = from.find(where);
    BOOST_TEST_REQUIRE(gone != nullptr);
    from.erase(gone);
}

/// What `out` has.
std::size_t bytes_out() {
    std::size_t sum = 0;
    for (const auto& [where, has] : rationed::out) { sum += has.size; }
    return sum;
}

} // namespace

BOOST_AUTO_TEST_CASE(finds_nothing_while_it_is_empty) {
    BOOST_TEST(before_main.find(at(16)) == nullptr);
    BOOST_TEST(before_main.find(nullptr) == nullptr);
    BOOST_TEST(before_main.bytes() == 0U);
    before_main.for_each([](const valued& /*one*/) { BOOST_TEST(false); });
    put(before_main, 16, 1);
    BOOST_TEST(before_main.find(nullptr) == nullptr);
    BOOST_TEST(before_main.find(at(17)) == nullptr);
    BOOST_TEST(find(before_main, at(16))->value == 1);
    remove(before_main, at(16));
    BOOST_TEST(before_main.find(at(16)) == nullptr);
}

BOOST_AUTO_TEST_CASE(agrees_with_a_map_over_any_mixture_of_insert_and_erase) {
    for (const std::uintptr_t stride : {1U, 16U, 4096U, 65536U}) {
        table<> here;
        std::map<void*, int> model;
        std::mt19937_64 random(stride);
        bool right = true;
        for (int step = 0; step < 100'000; ++step) {
            // It fills to 300, to 3000, and empties again.
            const auto range = static_cast<std::uintptr_t>(step < 30'000 ? 300 : 3000);
            void* const one = at(stride * (1 + random() % range));
            const bool emptying = step > 70'000;
            if (model.contains(one)) {
                here.erase(here.find(one));
                model.erase(one);
            } else if (!emptying || random() % 4 == 0) {
                right = right && reserve(here);
                here.insert(one, step);
                model.emplace(one, step);
            }
            void* const other = at(stride * (1 + random() % range));
            const valued* const found = find(here, other);
            const auto known = model.find(other);
            right = right && (found == nullptr) == (known == model.end()) &&
                    (found == nullptr || (found->at == other && found->value == known->second));
        }
        BOOST_TEST(right);
        here.for_each([&](const valued& one) {
            BOOST_TEST(model.at(one.at) == one.value);
            model.erase(one.at);
        });
        BOOST_TEST(model.empty());
    }
}

BOOST_AUTO_TEST_CASE(takes_as_much_again_but_not_more_than_it_needs) {
    rationed::budget = 100;
    {
        table<rationed> here;
        std::size_t before = 0;
        for (std::uintptr_t n = 1; n <= 10'000; ++n) {
            put(here, n, 0);
            BOOST_TEST_REQUIRE(here.bytes() == bytes_out());
            BOOST_TEST_REQUIRE(here.bytes() <= before + std::max(before, std::size_t{4096}) +
                                                   2 * sizeof(void*) * 10'000);
            before = here.bytes();
        }
        // A record and two pointers for each, and one piece.
        BOOST_TEST(before <= 10'000 * (sizeof(valued) + 2 * sizeof(void*)) + 65536);
    }
    BOOST_TEST(rationed::out.empty());
}

BOOST_AUTO_TEST_CASE(has_no_long_chains) {
    table<> here;
    for (std::uintptr_t n = 1; n <= 10'000; ++n) { put(here, 64 * n, 0); }
    std::size_t longest = 0;
    std::size_t records = 0;
    here.for_each([&](const valued& each) {
        std::size_t length = 0;
        for (const detail::addressed* one = &each; one != nullptr; one = one->chain) { ++length; }
        longest = std::max(longest, length);
        ++records;
    });
    BOOST_TEST(records == 10'000U);
    BOOST_TEST(longest <= 4U); // multiples of one number are spread evenly
}

BOOST_AUTO_TEST_CASE(records_stay_and_are_given_again) {
    table<> here;
    std::map<void*, valued*> where;
    for (std::uintptr_t n = 1; n <= 1000; ++n) {
        put(here, n, static_cast<int>(n));
        where[at(n)] = find(here, at(n));
    }
    for (const auto& [address, record] : where) {
        BOOST_TEST_REQUIRE(find(here, address) == record);
    }
    remove(here, at(7));
    remove(here, at(700));
    put(here, 1001, 0);
    put(here, 1002, 0);
    BOOST_TEST(find(here, at(1001)) == where[at(700)]);
    BOOST_TEST(find(here, at(1002)) == where[at(7)]);
}

BOOST_AUTO_TEST_CASE(has_changed_nothing_when_its_source_is_out) {
    rationed::budget = 0;
    {
        table<rationed> here;
        BOOST_TEST(!reserve(here));
        rationed::budget = 2; // records, and heads
        int n = 0;
        for (; reserve(here); ++n) { put(here, static_cast<std::uintptr_t>(n + 1), n); }
        BOOST_TEST(n == static_cast<int>((4096 - sizeof(detail::chunk)) / sizeof(valued)));
        const std::size_t bytes = here.bytes();
        BOOST_TEST(!reserve(here));
        BOOST_TEST(here.bytes() == bytes);
        for (int i = 0; i < n; ++i) {
            BOOST_TEST(find(here, at(static_cast<std::uintptr_t>(i + 1)))->value == i);
        }
        remove(here, at(1));
        BOOST_TEST(reserve(here)); // there is room again without the source
        put(here, 1, 0);
        rationed::budget = 1; // records, and no more heads
        put(here, 2000, 2000);
        BOOST_TEST((find(here, at(1))->value == 0 && find(here, at(128))->value == 127 &&
                    find(here, at(2000))->value == 2000));
        const std::size_t without_heads = here.bytes();
        rationed::budget = 2; // next time
        for (std::uintptr_t i = 3000; here.bytes() == without_heads; ++i) { put(here, i, 0); }
        BOOST_TEST(rationed::budget == 0);
    }
    BOOST_TEST(rationed::out.empty());
}

BOOST_AUTO_TEST_CASE(may_lose_records_while_it_grows) {
    static table<interrupting> here;
    std::uintptr_t last = 0;
    do {
        ++last;
        put(here, last, static_cast<int>(last));
    } while (!here.full());
    BOOST_TEST_REQUIRE(last > 128U);
    interrupting::meanwhile = [] {
        for (const std::uintptr_t n : {128U, 64U, 1U}) {
            if (find(here, at(n)) != nullptr) { remove(here, at(n)); }
        }
    };
    BOOST_TEST(here.grow());
    interrupting::meanwhile = [] {};
    for (const std::uintptr_t n : {1001U, 1002U, 1003U, 1004U}) {
        put(here, n, static_cast<int>(n));
    }
    std::size_t right = 0;
    here.for_each([&](const valued& each) {
        right += find(here, each.at) == &each && each.at == at(static_cast<unsigned>(each.value))
                     ? 1U
                     : 0U;
    });
    BOOST_TEST(right == last - 3 + 4);
}

BOOST_AUTO_TEST_CASE(is_as_full_as_before_if_what_it_took_was_used_up_meanwhile) {
    static table<interrupting> here;
    static std::uintptr_t next = 1;
    interrupting::meanwhile = [] {
        while (!here.full()) { here.insert(at(next++), 0); }
    };
    // The records that grow() took are all used while it asks for heads.
    BOOST_TEST(!here.grow());
    BOOST_TEST(here.full());
    interrupting::meanwhile = [] {};
    BOOST_TEST(here.grow());
    std::size_t found = 0;
    for (std::uintptr_t n = 1; n < next; ++n) { found += here.find(at(n)) != nullptr ? 1U : 0U; }
    BOOST_TEST(found == next - 1);
}

BOOST_AUTO_TEST_CASE(keeps_the_wider_heads_if_they_doubled_meanwhile) {
    static table<interrupting> here;
    static std::uintptr_t next = 1;
    static int asked = 0;
    interrupting::meanwhile = [] {
        if (++asked != 2) { return; } // when it asks for heads
        for (int n = 0; n < 2000; ++n) { put(here, next++, 0); }
    };
    BOOST_TEST(here.grow());
    const std::size_t bytes = here.bytes();
    interrupting::meanwhile = [] {};
    table<> plain;
    for (std::uintptr_t n = 1; n <= 2000; ++n) { put(plain, n, 0); }
    BOOST_TEST(bytes >= plain.bytes());
    std::size_t found = 0;
    for (std::uintptr_t n = 1; n < next; ++n) { found += here.find(at(n)) != nullptr ? 1U : 0U; }
    BOOST_TEST(found == 2000U);
}
