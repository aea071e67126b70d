// SPDX-License-Identifier: BSL-1.0
// Every adapter, with each of its requests refused in turn: nothing is lost, nothing comes back
// otherwise than it was taken, and what a header promises to be as before, is.
#include <alloy/alloy.hpp>

#include <alloy/adapt/global_new.hpp>

#include "support/refused.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <tuple>
#include <vector>

using namespace alloy;

namespace {

using test::granted;
using test::lent;
using test::memory_ref;
using test::survives;
using pool = pool16<memory_ref>;
using arena = bump<bump_options{.first = 64, .largest = 1024}, memory_ref>;
using memories = std::tuple<memory_ref, measured<memory_ref>, pool, arena>;

/// A number, and memory of the run, which each constructor but a move takes.
struct named {
    using text = std::basic_string<char, std::char_traits<char>, allocator<char, lent>>;
    explicit named(int n = 0) : number(n) {}
    operator int() const {
        BOOST_TEST(name == "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
        return number;
    }
    int number;
    text name = text(40, 'n');
};

/// Makes a change to a row of `named`; if it is refused, the row is as before.
void all_or_nothing(const auto& row, auto change) {
    const std::vector<int> before(row.begin(), row.end());
    BOOST_TEST(
        (granted(change) || std::equal(before.begin(), before.end(), row.begin(), row.end())));
}

/// Appends strings of `from`, each of which is there or not.
void append_strings(std::pmr::memory_resource& from) {
    std::pmr::vector<std::pmr::string> row(&from);
    std::size_t n = 0;
    for (std::size_t i = 0; i < 9; ++i) {
        n += granted([&] { row.emplace_back(10U << i, 'n'); }) ? 1U : 0U;
    }
    BOOST_TEST(row.size() == n);
    for (const auto& each : row) { BOOST_TEST(each.find_first_not_of('n') == each.npos); }
}

/// A `Resource` made from `given` and an upstream serves on after refusals, and after its release.
template <class Resource>
void serves_on(auto... given) {
    survives(5, [&](memory_ref memory) {
        resource upstream{memory};
        Resource all(given..., &upstream);
        append_strings(all);
        all.release();
        append_strings(all);
    });
}

/// What a coroutine returns that runs at once, and drops what its body throws.
template <class Frames>
struct task {
    struct promise_type : Frames {
        static task get_return_object() noexcept { return {}; }
        static std::suspend_never initial_suspend() noexcept { return {}; }
        static std::suspend_never final_suspend() noexcept { return {}; }
        static void return_void() noexcept {}
        static void unhandled_exception() noexcept {}
    };
};
template <class Policy>
struct quiet_frames : nothrow_frame_from<Policy> {
    static task<quiet_frames> get_return_object_on_allocation_failure() { throw std::bad_alloc(); }
};
template <class Frames, class... Given>
task<Frames> start(Given... /*where*/) {
    const named kept_in_the_frame(1);
    co_await std::suspend_never{};
}

struct alignas(512) strict : named, pooled<strict, lent> {};
struct sized : named, pooled<sized, measured<lent>> {};
struct polymorphic : std::exception, named {};

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(an_allocator_throws_and_keeps_nothing, Policy, memories) {
    survives<Policy>(4, [](auto handle) {
        allocator<long, decltype(handle)> longs(handle);
        for (const std::size_t n : {1U, 100U, 5'000U}) {
            granted([&] {
                const auto [at, count] = longs.allocate_at_least(n);
                longs.deallocate(at, count);
            });
            granted([&] { std::allocate_shared<named>(longs); });
        }
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_c_heap_answers_null_and_keeps_the_old_block, Policy, memories) {
    survives<Policy>(3, [](auto handle) {
        const c_heap<decltype(handle)> heap(handle);
        char* row = nullptr;
        for (const std::size_t size : {20U, 400U, 30U, 4'000U, 10U}) {
            const std::string before(row, heap.malloc_usable_size(row));
            errno = 0;
            auto* const moved = static_cast<char*>(heap.realloc(row, size));
            BOOST_TEST((moved == nullptr) == (errno == ENOMEM));
            row = moved == nullptr ? row : moved;
            const std::string after(row, heap.malloc_usable_size(row));
            BOOST_TEST(after.size() == (moved == nullptr ? before.size() : size));
            BOOST_TEST(after.compare(0, before.size(), before, 0, after.size()) == 0);
            std::fill_n(row, after.size(), 'n');
        }
        void* out = row;
        if (heap.posix_memalign(&out, 128, 1) == ENOMEM) { BOOST_TEST(out == row); }
        if (out != row) { heap.free(out); }
        heap.free(row);
        auto* const zeroes = static_cast<char*>(heap.calloc(30, 10));
        BOOST_TEST(std::count(zeroes, zeroes + (zeroes == nullptr ? 0 : 300), '\0') % 300 == 0);
        heap.free(zeroes);
    });
}

BOOST_AUTO_TEST_CASE(a_coroutine_without_a_frame_throws_or_says_so) {
    survives(8, [](memory_ref memory) {
        granted([] { start<frame_from<lent>>(); });
        granted([] { start<quiet_frames<lent>>(); });
        granted([&] { start<frame_from<memory_ref>>(std::allocator_arg, memory); });
        granted([&] { start<quiet_frames<memory_ref>>(std::allocator_arg, memory); });
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(default_init_grows_or_is_as_before, Policy, memories) {
    survives<Policy>(5, [](auto handle) {
        std::vector<named, default_init<allocator<named, decltype(handle)>>> row(handle);
        all_or_nothing(row, [&] { row.resize(3); });
        all_or_nothing(row, [&] { row.emplace_back(5); });
    });
}

BOOST_AUTO_TEST_CASE(global_new_asks_its_handler_and_gives_up_with_it) {
    // What the operators call: they themselves would refuse the driver what it keeps books in.
    using operators = detail::global_new<c_heap<lent>>;
    survives(2, [](memory_ref /*memory*/) {
        std::set_new_handler([] { std::set_new_handler(nullptr); });
        void* const at = operators::take_or_null(40);
        BOOST_TEST((at == nullptr) == (lent::memory->failures() == 2));
        std::set_new_handler(nullptr);
        granted([] { operators::give(operators::take(40)); });
        operators::give(at);
    });
}

BOOST_AUTO_TEST_CASE(an_inspecting_resource_tells_of_every_refusal) {
    survives(10, [](memory_ref memory) {
        resource upstream{memory};
        std::size_t refused = 0;
        const auto count = [&](const resource_call& call) { refused += call.failed() ? 1U : 0U; };
        inspecting_resource seen{count, &upstream};
        append_strings(seen);
        BOOST_TEST(refused == lent::memory->failures());
    });
}

BOOST_AUTO_TEST_CASE(resources_serve_on) {
    std::array<std::byte, 512> buffer;
    serves_on<pmr::monotonic_buffer_resource>(buffer.data(), buffer.size());
    const std::pmr::pool_options options{4, 512};
    serves_on<pmr::unsynchronized_pool_resource>(options);
    serves_on<pmr::synchronized_pool_resource>(options);
    survives(10, [](memory_ref memory) {
        append_strings(*resource_of<lent>());
        resource<arena> owner{memory};
        append_strings(owner);
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_object_pool_is_as_before_a_refusal, Policy, memories) {
    survives<Policy>(12, [](auto handle) {
        object_pool<strict, decltype(handle)> objects(handle);
        for (int i = 0; i < 14; ++i) {
            all_or_nothing(objects, [&] { objects.create(); });
        }
        for (const auto& one : objects) { BOOST_TEST(objects.key_of(&one).index < objects.size()); }
        if (!objects.empty()) { objects.destroy(&*objects.begin()); }
        objects.trim();
        all_or_nothing(objects, [&] { objects.create(); });
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_owner_keeps_no_block_without_its_object, Policy, memories) {
    survives<Policy>(10, [](auto from) {
        granted([&] { const auto one = make_unique<named>(from, 1); });
        granted([&] { const auto row = make_unique<named[]>(from, 4); }); // NOLINT(*-arrays)
        using any = std::unique_ptr<std::exception, base_deleter<std::exception, decltype(from)>>;
        granted([&] { const any one = make_unique<polymorphic>(from); });
        granted([] { const auto row = make_unique<named[], lent>(4); }); // NOLINT(*-arrays)
    });
}

BOOST_AUTO_TEST_CASE(a_pooled_class_keeps_no_block_without_its_object) {
    survives(12, [](memory_ref /*memory*/) {
        granted([] { delete new strict; });
        granted([] { delete[] new strict[3]; });
        granted([] { delete new sized; });
        granted([] { delete new pooled_as<named, lent>(1); });
        granted([] {
            const std::unique_ptr<sized> one(new (std::nothrow) sized);
            if (one == nullptr) { throw std::bad_alloc(); }
        });
    });
}

BOOST_AUTO_TEST_CASE(release_all_abandons_what_was_built_so_far) {
    using row = std::list<int, allocator<int, ref<arena>>>;
    survives(3, [](memory_ref memory) {
        arena place(memory);
        bulk<row> lines(place);
        granted([&] { lines->resize(50, 1); });
        if (!granted([&] { lines.emplace(50U, 1, place); })) { BOOST_TEST(!lines); }
        release_all(place, lines);
    });
}

BOOST_AUTO_TEST_CASE(shared_keeps_its_policy_for_what_is_left) {
    using row = std::list<named, allocator<named, shared<pool>>>;
    survives(11, [](memory_ref memory) {
        row last(shared<pool>::make(memory));
        for (int i = 0; i < 10; ++i) {
            all_or_nothing(last, [&] { last.emplace_back(i); });
        }
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_vector_is_as_before_where_it_cannot_grow, Policy, memories) {
    survives<Policy>(25, [](auto handle) {
        vector<named, decltype(handle)> row(handle);
        const auto middle = [&] { return row.begin() + std::ptrdiff_t(row.size() / 2); };
        for (int i = 0; i < 3; ++i) {
            all_or_nothing(row, [&] { row.emplace_back(i); });
            all_or_nothing(row, [&] { row.push_back(row.empty() ? named(i) : row.front()); });
            all_or_nothing(row, [&] { row.emplace(middle(), 10 + i); });
        }
        all_or_nothing(row, [&] { row.insert(middle(), 2, named(30)); });
        all_or_nothing(row, [&] { row.insert(middle(), {named(40), named(41)}); });
        all_or_nothing(row, [&] { row.resize(row.size() + 2); });
        all_or_nothing(row, [&] { row.reserve(2 * row.capacity() + 1); });
        all_or_nothing(row, [&] { row.shrink_to_fit(); });
        all_or_nothing(row, [&] { decltype(row){handle} = row; });
        all_or_nothing(row, [&] { const auto copy = row; });
    });
}
