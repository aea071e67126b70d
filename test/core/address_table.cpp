// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/address_table.hpp>

#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <utility>

using namespace alloy;

namespace {

struct valued : detail::addressed {
    static inline std::size_t looks = 0; ///< How often anybody asked spent().
    int value;
    bool gone;
    [[nodiscard]] bool spent() const noexcept { return ++looks, gone; }
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

static_assert(sizeof(table<pages<>>) == 80, "a stateless source takes no room");

constinit table<pages<>> before_main; // construction acquires nothing

constexpr std::size_t first_chunk = (4096 - sizeof(detail::chunk)) / sizeof(valued);

void* at(std::uintptr_t where) { return reinterpret_cast<void*>(where); }

/// The record of `where`, if one is in use.
template <class T>
valued* find(const T& in, const void* where) {
    valued* const found = in.find(where);
    return found != nullptr && !found->gone ? found : nullptr;
}

/// Uses the record that there is, or a new one. @return False if there is no room.
template <class T>
bool put(T& into, std::uintptr_t where, int value) {
    valued* one = into.find(at(where));
    if (one == nullptr) { one = into.add(at(where)); }
    if (one == nullptr) { return false; }
    one->value = value;
    one->gone = false;
    return one->at == at(where);
}

template <class T>
void remove(T& from, void* where) {
    valued* const one = find(from, where);
    BOOST_TEST_REQUIRE(one != nullptr);
    one->gone = true;
}

/// Those in use that are found, and are what they were.
template <class T>
std::size_t right_ones(const T& in) {
    std::size_t right = 0;
    in.for_each([&](const valued& each) {
        const auto known = reinterpret_cast<std::uintptr_t>(each.at);
        const bool is_right = find(in, each.at) == &each && std::cmp_equal(each.value, known);
        right += is_right ? 1U : 0U;
    });
    return right;
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
    before_main.forget_spent();
    BOOST_TEST(put(before_main, 16, 1));
    BOOST_TEST(before_main.find(nullptr) == nullptr);
    BOOST_TEST(before_main.find(at(17)) == nullptr);
    BOOST_TEST(find(before_main, at(16))->value == 1);
}

BOOST_AUTO_TEST_CASE(keeps_a_record_that_is_spent_until_it_is_told_to_forget) {
    table<> here;
    BOOST_TEST((put(here, 7, 7) && put(here, 8, 8)));
    valued* const known = here.find(at(7));
    remove(here, at(7));
    BOOST_TEST(here.find(at(7)) == known);
    BOOST_TEST(known->value == 7);
    here.forget_spent();
    BOOST_TEST(here.find(at(7)) == nullptr);
    BOOST_TEST(find(here, at(8))->value == 8);
    BOOST_TEST(here.add(at(9)) == known); // its place
}

BOOST_AUTO_TEST_CASE(agrees_with_a_map_over_any_mixture) {
    for (const std::uintptr_t stride : {1U, 16U, 4096U, 65536U}) {
        table<> here;
        std::map<void*, int> model;
        std::mt19937_64 random(stride);
        bool right = true;
        for (int step = 0; step < 200'000; ++step) {
            // It fills to 300, to 6000, and empties again.
            const std::uintptr_t range = step < 60'000 ? 300 : 6000;
            const std::uintptr_t number = stride * (1 + random() % range);
            void* const one = at(number);
            const bool emptying = step > 140'000;
            if (model.contains(one)) {
                find(here, one)->gone = true;
                model.erase(one);
            } else if (!emptying || random() % 4 == 0) {
                right = right && put(here, number, step);
                model.emplace(one, step);
            }
            if (random() % 10'000 == 0) { here.forget_spent(); }
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
            BOOST_TEST_REQUIRE(put(here, n, 0));
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

BOOST_AUTO_TEST_CASE(has_at_most_twice_the_records_that_were_in_use_at_once_or_4096_more) {
    for (const bool trimming : {false, true}) {
        for (const std::uintptr_t in_use : {1U, 100U, 10'000U}) {
            table<> here;
            for (std::uintptr_t n = 1; n <= in_use; ++n) { BOOST_TEST_REQUIRE(put(here, n, 0)); }
            valued::looks = 0;
            const std::uintptr_t rounds = 500'000;
            for (std::uintptr_t n = 1; n <= rounds; ++n) { // never an address again
                remove(here, at(n));
                BOOST_TEST_REQUIRE(put(here, in_use + n, 0));
                if (trimming && n % 50'000 < 2) { here.forget_spent(); }
            }
            const std::size_t most = std::max<std::size_t>(2 * in_use, in_use + 4096);
            BOOST_TEST(here.bytes() <=
                       most * sizeof(valued) + 65536 + sizeof(void*) * std::bit_ceil(most + 2730));
            BOOST_TEST(valued::looks <= 3 * rounds); // each pays for two
        }
    }
}

BOOST_AUTO_TEST_CASE(looks_at_no_record_in_small_tables) {
    table<> here;
    valued::looks = 0;
    for (std::uintptr_t n = 1; n <= 100'000; ++n) { // as many as are delayed, again and again
        BOOST_TEST_REQUIRE(put(here, 1 + n % 4000, 0));
        here.find(at(1 + n % 4000))->gone = true;
    }
    BOOST_TEST(valued::looks == 0U);
}

BOOST_AUTO_TEST_CASE(has_no_long_chains) {
    table<> here;
    for (std::uintptr_t n = 1; n <= 10'000; ++n) { BOOST_TEST_REQUIRE(put(here, 64 * n, 0)); }
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

BOOST_AUTO_TEST_CASE(records_stay_where_they_are) {
    table<> here;
    std::map<void*, valued*> where;
    for (std::uintptr_t n = 1; n <= 1000; ++n) {
        BOOST_TEST_REQUIRE(put(here, n, static_cast<int>(n)));
        where[at(n)] = find(here, at(n));
    }
    for (std::uintptr_t n = 1; n <= 1000; n += 3) { remove(here, at(n)); }
    here.forget_spent();
    for (std::uintptr_t n = 1; n <= 1000; ++n) {
        valued* const stays = n % 3 == 1 ? nullptr : where[at(n)];
        BOOST_TEST_REQUIRE(here.find(at(n)) == stays);
    }
}

BOOST_AUTO_TEST_CASE(has_changed_nothing_when_its_source_is_out) {
    rationed::budget = 0;
    {
        table<rationed> here;
        BOOST_TEST(!put(here, 1, 1));
        rationed::budget = 2; // records, and heads
        int n = 0;
        while (put(here, static_cast<std::uintptr_t>(n + 1), n)) { ++n; }
        BOOST_TEST(n == static_cast<int>(first_chunk));
        const std::size_t bytes = here.bytes();
        BOOST_TEST(!put(here, 1000, 0));
        BOOST_TEST(here.bytes() == bytes);
        for (int i = 0; i < n; ++i) {
            BOOST_TEST(find(here, at(static_cast<std::uintptr_t>(i + 1)))->value == i);
        }
        remove(here, at(1));
        BOOST_TEST(put(here, 1000, 1000)); // in its place, without the source
        BOOST_TEST(here.find(at(1)) == nullptr);
        rationed::budget = 1; // records, and no more heads
        BOOST_TEST(put(here, 2000, 2000));
        BOOST_TEST((find(here, at(1000))->value == 1000 && find(here, at(100))->value == 99 &&
                    find(here, at(2000))->value == 2000));
        const std::size_t without_heads = here.bytes();
        rationed::budget = 2; // next time
        for (std::uintptr_t i = 3000; here.bytes() == without_heads; ++i) {
            BOOST_TEST_REQUIRE(put(here, i, 0));
        }
        BOOST_TEST(rationed::budget == 0);
        std::size_t records = 0;
        here.for_each([&](const valued& /*one*/) { ++records; });
        BOOST_TEST(here.bytes() <= 2 * records * (sizeof(valued) + 2 * sizeof(void*)));
    }
    BOOST_TEST(rationed::out.empty());
}

BOOST_AUTO_TEST_CASE(asks_a_source_that_is_out_again_only_when_nothing_is_spent) {
    rationed::budget = 2;
    {
        table<rationed> here;
        for (std::uintptr_t n = 1; n <= first_chunk; ++n) { BOOST_TEST_REQUIRE(put(here, n, 0)); }
        for (std::uintptr_t n = 1; n <= 1000; ++n) {
            remove(here, at(n));
            BOOST_TEST_REQUIRE(put(here, first_chunk + n, 0)); // refused once, the first time
            rationed::budget = 100;
        }
        BOOST_TEST(put(here, 5000, 0));
        BOOST_TEST(rationed::budget == 98); // records, and heads
    }
    BOOST_TEST(rationed::out.empty());
}

BOOST_AUTO_TEST_CASE(may_be_used_by_whoever_its_source_calls_back) {
    static table<interrupting> here;
    static std::uintptr_t next = 1;
    static std::uintptr_t first_full = 0;
    static std::size_t bytes = 0;
    // What grow() took is used up while it asks for heads, twice over: those that came meanwhile
    // are wider than the ones it has asked for.
    static int asked = 0;
    interrupting::meanwhile = [] {
        if (++asked != 2) { return; }
        for (int n = 0; n < 2000; ++n, ++next) { put(here, next, static_cast<int>(next)); }
        bytes = here.bytes();
    };
    BOOST_TEST(put(here, 1'000'000, 1'000'000));
    interrupting::meanwhile = [] {};
    BOOST_TEST(here.bytes() == bytes);
    BOOST_TEST(right_ones(here) == 2001U);
    // What is in use ends while it grows.
    interrupting::meanwhile = [] {
        for (const std::uintptr_t n : {128U, 64U, 1U}) { here.find(at(n))->gone = true; }
        first_full = next;
    };
    while (first_full == 0) {
        BOOST_TEST_REQUIRE(put(here, next, static_cast<int>(next)));
        ++next;
    }
    interrupting::meanwhile = [] {};
    here.forget_spent();
    BOOST_TEST(right_ones(here) == next - 3);
}

BOOST_AUTO_TEST_CASE(refuses_if_what_it_took_was_used_up_meanwhile) {
    static table<interrupting> here;
    static std::uintptr_t next = 1;
    static int asked = 0;
    interrupting::meanwhile = [] {
        if (++asked != 2) { return; } // heads
        for (std::size_t n = 0; n < first_chunk; ++n, ++next) {
            put(here, next, static_cast<int>(next));
        }
    };
    BOOST_TEST(here.add(at(1'000'000)) == nullptr);
    interrupting::meanwhile = [] {};
    BOOST_TEST(right_ones(here) == first_chunk);
    BOOST_TEST(here.add(at(1'000'000)) != nullptr);
}
