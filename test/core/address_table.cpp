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

template <class Value, policy Source = new_source>
using table = detail::address_table<Value, Source>;

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

static_assert(table<layout>::slot_size == 24);
static_assert(sizeof(table<int, pages<>>) == 24, "a stateless source takes no room");

constinit table<int, pages<>> before_main; // construction acquires nothing

void* at(std::uintptr_t where) { return reinterpret_cast<void*>(where); }

template <class T>
void put(T& into, std::uintptr_t where, int value) {
    BOOST_TEST_REQUIRE(into.reserve());
    into.insert(at(where), value);
}

} // namespace

BOOST_AUTO_TEST_CASE(finds_nothing_while_it_is_empty) {
    BOOST_TEST(before_main.find(at(16)) == nullptr);
    BOOST_TEST(before_main.find(nullptr) == nullptr);
    BOOST_TEST(before_main.size() == 0U);
    before_main.for_each([](void* /*at*/, int /*value*/) { BOOST_TEST(false); });
    put(before_main, 16, 1);
    BOOST_TEST(before_main.find(nullptr) == nullptr);
    BOOST_TEST(before_main.find(at(17)) == nullptr);
    BOOST_TEST(*before_main.find(at(16)) == 1);
    before_main.erase(before_main.find(at(16)));
    BOOST_TEST(before_main.find(at(16)) == nullptr);
}

BOOST_AUTO_TEST_CASE(agrees_with_a_map_over_any_mixture_of_insert_and_erase) {
    for (const std::uintptr_t stride : {1U, 16U, 4096U, 65536U}) {
        table<int> here;
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
                right = right && here.reserve();
                here.insert(one, step);
                model.emplace(one, step);
            }
            void* const other = at(stride * (1 + random() % range));
            const int* const found = here.find(other);
            const auto known = model.find(other);
            right = right && (found == nullptr) == (known == model.end()) &&
                    (found == nullptr || *found == known->second);
        }
        BOOST_TEST(right);
        BOOST_TEST(here.size() == model.size());
        here.for_each([&](void* one, int value) {
            BOOST_TEST(model.at(one) == value);
            model.erase(one);
        });
        BOOST_TEST(model.empty());
    }
}

BOOST_AUTO_TEST_CASE(is_at_most_three_quarters_full_and_doubles) {
    rationed::budget = 100;
    {
        table<int, rationed> here;
        for (std::uintptr_t n = 1; n <= 10'000; ++n) {
            put(here, n, 0);
            BOOST_TEST_REQUIRE(rationed::out.size() == 1U);
            const std::size_t slots = rationed::out.begin()->second.size / table<int>::slot_size;
            BOOST_TEST_REQUIRE(4 * n <= 3 * slots);
            BOOST_TEST_REQUIRE((slots == 128 || 8 * n > 3 * slots));
        }
    }
    BOOST_TEST(rationed::out.empty());
}

BOOST_AUTO_TEST_CASE(has_changed_nothing_when_its_source_is_out) {
    rationed::budget = 0;
    {
        table<int, rationed> here;
        BOOST_TEST(!here.reserve());
        rationed::budget = 1;
        int n = 0;
        for (; here.reserve(); ++n) { put(here, static_cast<std::uintptr_t>(n + 1), n); }
        BOOST_TEST(n == 96);
        BOOST_TEST(!here.reserve());
        for (int i = 0; i < n; ++i) {
            BOOST_TEST(*here.find(at(static_cast<std::uintptr_t>(i + 1))) == i);
        }
        here.erase(here.find(at(1)));
        BOOST_TEST(here.reserve()); // there is room again without the source
        rationed::budget = 1;
        put(here, 1, 0);
        put(here, 200, 200);
        BOOST_TEST(here.size() == 97U);
        BOOST_TEST(
            (*here.find(at(1)) == 0 && *here.find(at(96)) == 95 && *here.find(at(200)) == 200));
    }
    BOOST_TEST(rationed::out.empty());
}
