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

static_assert(sizeof(table<pages<>>) == 32, "a stateless source takes no room");

constinit table<pages<>> before_main; // construction acquires nothing

void* at(std::uintptr_t where) { return reinterpret_cast<void*>(where); }

template <class T>
void put(T& into, std::uintptr_t where, int value) {
    BOOST_TEST_REQUIRE(into.reserve());
    into.insert({{at(where)}, value});
}

template <class T>
void remove(T& from, void* where) {
    valued* const gone = from.find(where);
    BOOST_TEST_REQUIRE(gone != nullptr);
    from.erase(*gone);
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
    BOOST_TEST(before_main.find(at(16))->value == 1);
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
                here.erase(*here.find(one));
                model.erase(one);
            } else if (!emptying || random() % 4 == 0) {
                right = right && here.reserve();
                here.insert({{one}, step});
                model.emplace(one, step);
            }
            void* const other = at(stride * (1 + random() % range));
            const valued* const found = here.find(other);
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

BOOST_AUTO_TEST_CASE(doubles_when_every_record_is_taken) {
    rationed::budget = 100;
    {
        table<rationed> here;
        for (std::uintptr_t n = 1; n <= 10'000; ++n) {
            put(here, n, 0);
            BOOST_TEST_REQUIRE(rationed::out.size() == 1U);
            const std::size_t bytes = rationed::out.begin()->second.size;
            BOOST_TEST_REQUIRE(bytes == std::max<std::size_t>(128, std::bit_ceil(n)) * 28);
            BOOST_TEST_REQUIRE(here.bytes() == bytes);
        }
    }
    BOOST_TEST(rationed::out.empty());
}

BOOST_AUTO_TEST_CASE(numbers_stay_and_are_given_again) {
    table<> here;
    const auto numbered = [&](std::uintptr_t n) { return here.number_of(*here.find(at(n))); };
    for (std::uintptr_t n = 1; n <= 1000; ++n) {
        put(here, n, 0);
        BOOST_TEST_REQUIRE(numbered(n) == n);
    }
    bool same = true;
    for (std::uint32_t n = 1; n <= 1000; ++n) { same = same && here[n].at == at(n); }
    BOOST_TEST(same);
    remove(here, at(7));
    remove(here, at(700));
    put(here, 1001, 0);
    put(here, 1002, 0);
    put(here, 1003, 0);
    BOOST_TEST((numbered(1001) == 700 && numbered(1002) == 7 && numbered(1003) == 1001));
}

BOOST_AUTO_TEST_CASE(has_changed_nothing_when_its_source_is_out) {
    rationed::budget = 0;
    {
        table<rationed> here;
        BOOST_TEST(!here.reserve());
        rationed::budget = 1;
        int n = 0;
        for (; here.reserve(); ++n) { put(here, static_cast<std::uintptr_t>(n + 1), n); }
        BOOST_TEST(n == 128);
        BOOST_TEST(!here.reserve());
        for (int i = 0; i < n; ++i) {
            BOOST_TEST(here.find(at(static_cast<std::uintptr_t>(i + 1)))->value == i);
        }
        remove(here, at(1));
        BOOST_TEST(here.reserve()); // there is room again without the source
        rationed::budget = 1;
        put(here, 1, 0);
        put(here, 200, 200);
        BOOST_TEST((here.find(at(1))->value == 0 && here.find(at(128))->value == 127 &&
                    here.find(at(200))->value == 200));
    }
    BOOST_TEST(rationed::out.empty());
}

BOOST_AUTO_TEST_CASE(may_lose_records_while_it_grows) {
    static table<interrupting> here;
    for (std::uintptr_t n = 1; n <= 128; ++n) { put(here, n, static_cast<int>(n)); }
    interrupting::meanwhile = [] {
        for (const std::uintptr_t n : {128U, 64U, 1U}) { remove(here, at(n)); }
    };
    BOOST_TEST(here.reserve());
    interrupting::meanwhile = [] {};
    for (const std::uintptr_t n : {1001U, 1002U, 1003U, 1004U}) {
        put(here, n, static_cast<int>(n));
    }
    std::size_t right = 0;
    here.for_each([&](const valued& each) {
        right += here.find(each.at) == &each && each.at == at(static_cast<unsigned>(each.value));
    });
    BOOST_TEST(right == 129U);
    for (const std::uint32_t n : {1U, 64U, 128U}) { BOOST_TEST(here[n].value > 1000); }
}
