// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/coroutine.hpp>

#include <alloy/adapt/shared.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/probe.hpp"

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

/// A generator of numbers whose frames come from where `Frames` says.
template <class Frames>
class numbers {
public:
    struct promise_type : Frames {
        numbers get_return_object() {
            if (std::exchange(refuse_object, false)) { throw std::runtime_error("no object"); }
            return numbers{std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
        [[nodiscard]] static std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int next) noexcept {
            value = next;
            return {};
        }
        void return_void() noexcept {}
        void unhandled_exception() { throw; }

        static inline bool refuse_object = false;
        int value = 0;
    };

    explicit numbers(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
    numbers(numbers&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    numbers(const numbers&) = delete;
    numbers& operator=(const numbers&) = delete;
    ~numbers() {
        if (frame_) { frame_.destroy(); }
    }

    /// The sum of all that is left.
    int sum() {
        int total = 0;
        for (frame_.resume(); !frame_.done(); frame_.resume()) { total += frame_.promise().value; }
        return total;
    }
    [[nodiscard]] const void* frame() const noexcept { return frame_.address(); }

private:
    std::coroutine_handle<promise_type> frame_;
};

/// The same, or nothing where there is no memory.
template <class Frames>
struct perhaps {
    struct promise_type : Frames {
        perhaps get_return_object() noexcept {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        static perhaps get_return_object_on_allocation_failure() noexcept { return {nullptr}; }
        [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
        [[nodiscard]] static std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };

    std::coroutine_handle<promise_type> frame;
};

/// Sees every frame of every coroutine that is given no handle.
struct watched {
    static inline ledger book;
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true;

    [[nodiscard]] static void* allocate(layout want) noexcept { return probe(book).allocate(want); }
    static void deallocate(void* at, layout given) noexcept { probe(book).deallocate(at, given); }
};

/// A handle that asks for more alignment than a frame has, and counts its copies.
struct alignas(64) wide : ref<probe> {
    static inline int alive = 0;
    wide(probe& source) noexcept : ref(source) { ++alive; }
    wide(const wide& other) noexcept : ref(other) { ++alive; }
    wide& operator=(const wide&) = default;
    ~wide() { --alive; }
};
static_assert(handle_policy<wide>);

/// Throws when it is copied for a second time: once to the caller's argument, then to the frame.
struct brittle {
    static inline int alive = 0;
    brittle() { ++alive; }
    brittle(const brittle& other) : copied(true) {
        if (other.copied) { throw std::runtime_error("brittle"); }
        ++alive;
    }
    brittle& operator=(const brittle&) = delete;
    ~brittle() { --alive; }
    bool copied = false;
};

using stateless = numbers<frame_from<watched>>;
using stateful = numbers<frame_from<ref<probe>>>;

// Opaque, so that no frame is elided.
[[gnu::noinline]] stateless count_to(int n) {
    for (int i = 1; i <= n; ++i) { co_yield i; }
}
[[gnu::noinline]] stateful count_to(std::allocator_arg_t /*tag*/, ref<probe> /*handle*/, int n) {
    for (int i = 1; i <= n; ++i) { co_yield i; }
}
[[gnu::noinline]] stateful sum_of(std::allocator_arg_t /*tag*/, probe& /*place*/,
                                  std::unique_ptr<int> a, int& b, const int& c) {
    co_yield *a;
    co_yield b;
    co_yield c;
}
[[gnu::noinline]] stateless given_all_the_same(std::allocator_arg_t /*tag*/,
                                               global<watched> /*handle*/, int n) {
    co_yield n;
}
[[gnu::noinline]] stateless takes(const brittle& /*by reference*/, brittle /*copied*/) {
    co_yield 1;
}
[[gnu::noinline]] stateful takes(std::allocator_arg_t /*tag*/, probe& /*place*/,
                                 brittle /*copied*/) {
    co_yield 1;
}
[[gnu::noinline]] numbers<frame_from<wide>> count_wide(std::allocator_arg_t /*tag*/,
                                                       probe& /*place*/, int n) {
    for (int i = 1; i <= n; ++i) { co_yield i; }
}
[[gnu::noinline]] numbers<frame_from<shared<pool16<probe>>>>
count_shared(std::allocator_arg_t /*tag*/, shared<pool16<probe>> /*handle*/, int n) {
    for (int i = 1; i <= n; ++i) { co_yield i; }
}
[[gnu::noinline]] perhaps<nothrow_frame_from<watched>> try_nothing() { co_return; }
[[gnu::noinline]] perhaps<nothrow_frame_from<ref<probe>>>
try_nothing(std::allocator_arg_t /*tag*/, probe& /*place*/, int /*more*/) {
    co_return;
}

struct counter {
    int step;
    [[gnu::noinline]] stateful count(std::allocator_arg_t /*tag*/, probe& /*place*/, int n) const {
        for (int i = 1; i <= n; ++i) { co_yield step* i; }
    }
    [[gnu::noinline]] stateless count(int n) {
        for (int i = 1; i <= n; ++i) { co_yield step* i; }
    }
    [[gnu::noinline]] perhaps<nothrow_frame_from<ref<probe>>>
    try_nothing(std::allocator_arg_t /*tag*/, ref<probe> /*handle*/) const {
        co_return;
    }
};

template <class Promise>
concept frees_with_size = requires(void* at, std::size_t n) {
    { Promise::operator delete(at, n) } noexcept;
} && !requires(void* at) { Promise::operator delete(at); };
static_assert(frees_with_size<stateless::promise_type> && frees_with_size<stateful::promise_type>);
static_assert(std::is_empty_v<frame_from<ref<probe>>>, "a promise grows by nothing");
static_assert(!noexcept(frame_from<watched>::operator new(8)) &&
              noexcept(nothrow_frame_from<watched>::operator new(8)));

/// The layout of the one live frame.
layout only(const ledger& book) {
    BOOST_TEST_REQUIRE(book.live.size() == 1U);
    return book.live.begin()->second;
}

} // namespace

BOOST_AUTO_TEST_CASE(serves_plain_coroutines_where_the_policy_needs_no_telling) {
    {
        stateless ten = count_to(10);
        BOOST_TEST(only(watched::book).align == __STDCPP_DEFAULT_NEW_ALIGNMENT__);
        BOOST_TEST(watched::book.live.begin()->first == ten.frame());
        BOOST_TEST(ten.sum() == 55);
    }
    BOOST_TEST(watched::book.live.empty());
    { counter{2}.count(3); }
    BOOST_TEST(watched::book.live.empty());
    BOOST_TEST(watched::book.served == 2U);
}

BOOST_AUTO_TEST_CASE(serves_a_coroutine_from_the_handle_or_the_place_it_is_given) {
    ledger book;
    ledger other;
    probe source{book};
    probe second{other};
    {
        stateful ten = count_to(std::allocator_arg, source, 10);
        stateful four = count_to(std::allocator_arg, ref{second}, 4);
        BOOST_TEST(book.live.size() == 1U);
        BOOST_TEST(other.live.size() == 1U);
        int b = 20;
        const int c = 300;
        stateful three = sum_of(std::allocator_arg, source, std::make_unique<int>(1), b, c);
        b = 21;
        BOOST_TEST(ten.sum() == 55);
        BOOST_TEST(four.sum() == 10);
        BOOST_TEST(three.sum() == 322);
    }
    BOOST_TEST(book.live.empty());
    BOOST_TEST(other.live.empty());
}

BOOST_AUTO_TEST_CASE(serves_members_and_lambdas_behind_their_object) {
    ledger book;
    probe source{book};
    {
        const counter twos{2};
        stateful three = twos.count(std::allocator_arg, source, 3);
        const auto squares = [](std::allocator_arg_t /*tag*/, probe& /*place*/, int n) -> stateful {
            for (int i = 1; i <= n; ++i) { co_yield i* i; }
        };
        stateful four = squares(std::allocator_arg, source, 4);
        BOOST_TEST(book.live.size() == 2U);
        BOOST_TEST(three.sum() == 12);
        BOOST_TEST(four.sum() == 30);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(keeps_a_handle_behind_the_frame_only_where_it_has_state) {
    {
        const stateless one = given_all_the_same(std::allocator_arg, {}, 1);
        BOOST_TEST(only(watched::book).size > 0U);
        BOOST_TEST(only(watched::book).align == __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    }
    BOOST_TEST(watched::book.live.empty());

    // What the operators are asked for is all that they see of a frame.
    ledger book;
    probe source{book};
    constexpr std::size_t n = 100;
    using plain = frame_from<watched>;
    void* const bare = plain::operator new(n);
    BOOST_TEST((only(watched::book) == layout{n, __STDCPP_DEFAULT_NEW_ALIGNMENT__}));
    plain::operator delete(bare, n);
    using told = frame_from<ref<probe>>;
    void* const frame = told::operator new(n, std::allocator_arg, source);
    BOOST_TEST((only(book) == layout{104 + sizeof(void*), __STDCPP_DEFAULT_NEW_ALIGNMENT__}));
    told::operator delete(frame, n);
    void* const strict = frame_from<wide>::operator new(n, std::allocator_arg, source);
    BOOST_TEST((only(book) == layout{128 + sizeof(wide), 64}));
    BOOST_TEST(wide::alive == 1);
    frame_from<wide>::operator delete(strict, n);
    BOOST_TEST(wide::alive == 0);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(ends_the_handle_with_the_frame) {
    ledger book;
    {
        probe source{book};
        BOOST_TEST(count_wide(std::allocator_arg, source, 4).sum() == 10);
        BOOST_TEST(wide::alive == 0);
        BOOST_TEST(book.live.empty());

        auto all = shared<pool16<probe>>::make(book);
        auto ten = count_shared(std::allocator_arg, all, 10);
        all = shared<pool16<probe>>::make(book); // the frame alone keeps the first pool
        BOOST_TEST(ten.sum() == 55);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(keeps_nothing_where_a_parameter_cannot_be_copied) {
    ledger book;
    probe source{book};
    {
        const brittle original;
        BOOST_CHECK_THROW(static_cast<void>(takes(original, original)), std::runtime_error);
        BOOST_CHECK_THROW(static_cast<void>(takes(std::allocator_arg, source, original)),
                          std::runtime_error);
    }
    BOOST_TEST(watched::book.live.empty());
    BOOST_TEST(book.live.empty());
    BOOST_TEST(brittle::alive == 0);
}

BOOST_AUTO_TEST_CASE(keeps_nothing_where_the_object_cannot_be_made) {
    ledger book;
    probe source{book};
    const std::size_t before = watched::book.served;
    stateless::promise_type::refuse_object = true;
    BOOST_CHECK_THROW(static_cast<void>(count_to(3)), std::runtime_error);
    BOOST_TEST(watched::book.served == before + 1);
    BOOST_TEST(watched::book.live.empty());
    stateful::promise_type::refuse_object = true;
    BOOST_CHECK_THROW(static_cast<void>(count_to(std::allocator_arg, source, 3)),
                      std::runtime_error);
    BOOST_TEST(book.served == 1U);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(throws_bad_alloc_without_memory_and_serves_again) {
    ledger book;
    probe source{book};
    book.budget = 0;
    watched::book.budget = 0;
    BOOST_CHECK_THROW(static_cast<void>(count_to(3)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(count_to(std::allocator_arg, source, 3)), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(counter{1}.count(std::allocator_arg, source, 3)),
                      std::bad_alloc);
    book.budget = unlimited;
    watched::book.budget = unlimited;
    BOOST_TEST(count_to(3).sum() == 6);
    BOOST_TEST(count_to(std::allocator_arg, source, 3).sum() == 6);
}

BOOST_AUTO_TEST_CASE(throws_nothing_where_the_promise_has_an_answer) {
    ledger book;
    probe source{book};
    const counter object{1};
    for (const bool served : {true, false}) {
        book.budget = watched::book.budget = served ? unlimited : 0;
        const auto check = [&](auto made) {
            BOOST_TEST(static_cast<bool>(made.frame) == served);
            if (made.frame) { made.frame.destroy(); }
        };
        check(try_nothing());
        check(try_nothing(std::allocator_arg, source, 1));
        check(object.try_nothing(std::allocator_arg, source));
    }
    book.budget = watched::book.budget = unlimited;
    BOOST_TEST(watched::book.live.empty());
    BOOST_TEST(book.live.empty());
}

namespace {

using local = numbers<frame_from<single_threaded<pool16<>>>>;
using common = numbers<frame_from<locked<pool16<>>>>;
using in_arena = numbers<frame_from<ref<bump<>>>>;

[[gnu::noinline]] local locally(int n) { co_yield n; }
[[gnu::noinline]] common commonly(int n) { co_yield n; }
[[gnu::noinline]] in_arena arena_sum(std::allocator_arg_t tag, bump<>& arena, int n) {
    if (n == 0) { co_return; }
    co_yield n;
    in_arena rest = arena_sum(tag, arena, n - 1); // frames within frames
    co_yield rest.sum();
}

} // namespace

BOOST_AUTO_TEST_CASE(recycles_the_frames_of_a_pool) {
    const void* const first = locally(1).frame();
    BOOST_TEST(locally(2).frame() == first);
    BOOST_TEST(locally(3).sum() == 3);
}

BOOST_AUTO_TEST_CASE(nests_frames_in_an_arena) {
    bump<> arena;
    BOOST_TEST(arena_sum(std::allocator_arg, arena, 100).sum() == 5050);
}

BOOST_AUTO_TEST_CASE(lets_a_coroutine_end_in_another_thread) {
    std::vector<common> all;
    for (int i = 1; i <= 100; ++i) { all.push_back(commonly(i)); }
    int total = 0;
    std::thread([&] {
        for (common& each : all) { total += each.sum(); }
        all.clear();
    }).join();
    BOOST_TEST(total == 5050);
}
