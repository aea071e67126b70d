// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/core/per_thread.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/remote.hpp>
#include <alloy/compose/retaining.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/null.hpp>
#include <alloy/source/pages.hpp>

#include "support/come_and_go.hpp"
#include "support/conformance.hpp"
#include "support/interrupted.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <list>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;

namespace {

/// Counts the instances made of it, one count a `Tag`, and may refuse.
template <class Tag>
struct instances : pages<> {
    static inline constinit std::atomic<int> made{0};
    static inline constinit std::atomic<bool> refuse{false};
    static void* allocate(layout want) noexcept {
        if (refuse) { return nullptr; }
        ++made;
        return pages<>::allocate(want);
    }
    static void deallocate(void* /*at*/, layout /*given*/) noexcept { std::abort(); }
};

template <class Tag>
using pools = per_thread<remote<pool16<>>, instances<Tag>, Tag>;
template <class Tag>
using arenas = per_thread<remote<bump<>>, instances<Tag>, Tag>;
template <class Tag>
int made() {
    return instances<Tag>::made;
}

struct facts {};
static_assert(policy<pools<facts>> && handle_policy<pools<facts>> &&
              stateless_policy<pools<facts>>);
static_assert(std::is_empty_v<pools<facts>> && std::is_trivially_copyable_v<pools<facts>> &&
              pools<facts>::is_always_equal && pools<facts>{} == pools<facts>{});
static_assert(thread_safe_v<pools<facts>> && migratory_v<pools<facts>> &&
              !single_threaded_v<pools<facts>> && !thread_safe_v<remote<pool16<>>>);
static_assert(rounding_policy<pools<facts>> && resizing_policy<pools<facts>> &&
              batching_policy<pools<facts>> && trimming_policy<pools<facts>>);
static_assert(!zeroing_policy<pools<facts>> &&
              zeroing_policy<per_thread<remote<pages<>>, pages<>>>);
static_assert(resettable_policy<remote<bump<>>> && !resettable_policy<arenas<facts>>,
              "that is for the owner: here()");
static_assert(std::same_as<handle_for<pools<facts>>, pools<facts>>);
static_assert(homing_policy<remote<pool16<>>> && adoptable_policy<remote<pool16<>>> &&
              release_anywhere_v<remote<pool16<>>>);
static_assert(!homing_policy<remote<pool16<>, remote_options{.home = false}>> &&
              !homing_policy<pool16<>> && !adoptable_policy<pool16<>>);
static_assert(release_anywhere_v<new_source> && !release_anywhere_v<pool16<>>);

constinit pools<facts> by_value; // so is the handle

/// Calls it in a thread of its own.
template <class Call>
void elsewhere(Call call) {
    std::thread(call).join();
}

/// Reports past main, where no framework listens.
void require(bool good, const char* what) {
    if (good) { return; }
    std::fprintf(stderr, "per_thread: %s\n", what);
    std::_Exit(1);
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms_in_any_thread_and_past_its_end) {
    test::conformance(by_value, {200, 64}, 5'000);
    test::never_misaligned(by_value);
    struct arena_tag {};
    arenas<arena_tag> arena;
    test::conformance(arena, {200, 64}, 5'000);
    struct heap_tag {};
    per_thread<malloc_source, pages<>, heap_tag> heap;
    test::conformance(heap, {300, 64}, 5'000);
    struct refused_tag {};
    instances<refused_tag>::refuse = true;
    pools<refused_tag> reserve;
    test::conformance(reserve, {200, 64}, 5'000);
}

BOOST_AUTO_TEST_CASE(each_thread_has_an_instance_of_its_own_and_each_tag) {
    struct tag {};
    using handle = pools<tag>;
    BOOST_TEST(made<tag>() == 0, "nothing is acquired before the first use");
    BOOST_TEST(handle{}.good_size({20, 8}) == 24U);
    BOOST_TEST(made<tag>() == 0);
    auto* const mine = handle::here();
    BOOST_TEST(made<tag>() == 1);
    BOOST_TEST((mine != nullptr && mine == handle::here()));
    BOOST_TEST(mine->owned());
    remote<pool16<>>* others = nullptr;
    elsewhere([&] { others = handle::here(); });
    BOOST_TEST((others != nullptr && others != mine));
    BOOST_TEST(!others->owned());
    struct second {};
    BOOST_TEST(pools<second>::here() != mine);
    void* const at = handle{}.allocate({20, 8});
    BOOST_TEST((mine->home_of(at) == mine));
    handle{}.deallocate(at, {20, 8});
    BOOST_TEST(handle{}.allocate({20, 8}) == at);
    handle{}.deallocate(at, {20, 8});
    BOOST_TEST(made<tag>() == 2);
}

BOOST_AUTO_TEST_CASE(one_instance_serves_ten_thousand_threads_that_come_one_after_another) {
    struct tag {};
    for (int i = 0; i < 10'000; ++i) {
        elsewhere([] {
            std::list<int, allocator<int, pools<tag>>> numbers{1, 2, 3};
            numbers.pop_front();
        });
    }
    BOOST_TEST(made<tag>() == 1);
    BOOST_TEST(pools<tag>::here()->trim() == 0U);
    pools<tag>::here()->each_upstream([](auto& pool) { BOOST_TEST(pool.held() == 0U); });
}

BOOST_AUTO_TEST_CASE(there_are_no_more_instances_than_threads_at_one_time) {
    struct tag {};
    for (int round = 0; round < 125; ++round) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 16; ++i) {
            threads.emplace_back([] {
                std::list<int, allocator<int, pools<tag>>> numbers(20, 1);
                std::this_thread::yield();
            });
        }
        for (std::thread& each : threads) { each.join(); }
    }
    BOOST_TEST(made<tag>() >= 1);
    BOOST_TEST(made<tag>() <= 16);
}

BOOST_AUTO_TEST_CASE(a_block_comes_home_whoever_releases_it_and_is_used_again) {
    struct tag {};
    pools<tag> handle;
    void* const at = handle.allocate({40, 8});
    elsewhere([&] { handle.deallocate(at, {40, 8}); });
    BOOST_TEST(made<tag>() == 1, "a thread that only releases needs no instance");
    BOOST_TEST(handle.allocate({40, 8}) == at);
    handle.deallocate(at, {40, 8});
}

BOOST_AUTO_TEST_CASE(blocks_outlive_their_thread_and_come_back_to_its_heir) {
    struct tag {};
    pools<tag> handle;
    std::array<unsigned char*, 500> all{};
    const remote<pool16<>>* home = nullptr;
    elsewhere([&] {
        home = handle.here();
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i] = static_cast<unsigned char*>(handle.allocate({100, 8}));
            std::memset(all[i], static_cast<int>(i), 100);
        }
    });
    elsewhere([&] {
        for (std::size_t i = 0; i < all.size(); i += 2) { handle.deallocate(all[i], {100, 8}); }
    });
    BOOST_TEST(made<tag>() == 1);
    BOOST_TEST(!home->owned());
    BOOST_TEST(handle.here() == home, "this thread is the heir");
    BOOST_TEST(home->owned());
    std::set<void*> again;
    for (std::size_t i = 0; i < all.size(); i += 2) { again.insert(handle.allocate({100, 8})); }
    for (std::size_t i = 0; i < all.size(); i += 2) { BOOST_TEST(again.count(all[i]) == 1U); }
    for (std::size_t i = 1; i < all.size(); i += 2) {
        BOOST_TEST(std::all_of(all[i], all[i] + 100,
                               [&](auto b) { return b == static_cast<unsigned char>(i); }));
        handle.deallocate(all[i], {100, 8});
    }
    for (void* const each : again) { handle.deallocate(each, {100, 8}); }
}

BOOST_AUTO_TEST_CASE(an_arena_a_thread_is_reset_by_its_owner) {
    struct tag {};
    arenas<tag> handle;
    void* const first = handle.allocate({100, 8});
    for (int frame = 0; frame < 10; ++frame) {
        std::vector<int, allocator<int, arenas<tag>>> numbers(100, frame);
        void* const at = handle.allocate({100, 8});
        elsewhere([&] {
            handle.deallocate(at, {100, 8});
            void* const own = handle.allocate({100, 8});
            handle.here()->reset();
            BOOST_TEST(handle.allocate({100, 8}) == own);
            handle.here()->reset();
        });
        decltype(numbers)().swap(numbers);
        handle.here()->reset();
        BOOST_TEST(handle.allocate({100, 8}) == first);
    }
    BOOST_TEST(made<tag>() == 2);
    handle.here()->reset();
}

BOOST_AUTO_TEST_CASE(a_batch_goes_home_to_each_of_several_instances) {
    struct tag {};
    pools<tag> handle;
    std::array<void*, 9> all{};
    BOOST_TEST(handle.allocate_batch({40, 8}, all.data(), 3) == 3U);
    elsewhere([&] {
        BOOST_TEST(handle.allocate_batch({40, 8}, all.data() + 3, 4) == 4U);
        elsewhere([&] { BOOST_TEST(handle.allocate_batch({40, 8}, all.data() + 7, 2) == 2U); });
        const std::vector<void*> before(all.begin() + 3, all.begin() + 7);
        handle.deallocate_batch(all.data(), all.size(), {40, 8});
        handle.deallocate_batch(all.data(), 0, {40, 8});
        for (int i = 0; i < 4; ++i) {
            void* const at = handle.allocate({40, 8});
            BOOST_TEST(std::count(before.begin(), before.end(), at) == 1);
        }
        handle.here()->trim();
    });
    std::set<void*> again;
    for (int i = 0; i < 3; ++i) { again.insert(handle.allocate({40, 8})); }
    BOOST_TEST((again == std::set<void*>(all.begin(), all.begin() + 3)));
    for (void* const each : again) { handle.deallocate(each, {40, 8}); }
}

BOOST_AUTO_TEST_CASE(resizes_in_the_thread_that_a_block_belongs_to) {
    struct tag {};
    using handle = per_thread<remote<pages<>>, instances<tag>, tag>;
    void* const at = handle{}.allocate({9'000, 8});
    bool elsewhere_too = true;
    elsewhere([&] {
        elsewhere_too = handle{}.resize(at, {9'000, 8}, 100);
        static_cast<void>(handle::here());
        elsewhere_too = elsewhere_too || handle{}.resize(at, {9'000, 8}, 100);
    });
    BOOST_TEST(!elsewhere_too);
    BOOST_TEST(handle{}.resize(at, {9'000, 8}, 100));
    handle{}.deallocate(at, {100, 8});
}

namespace {

/// Tells its blocks' sizes, and which of several it is; takes back its own alone.
class measuring {
public:
    static constexpr std::size_t max_align = alignof(std::max_align_t);
    static constexpr bool release_anywhere = true;

    void* allocate(layout want) noexcept {
        auto* const at =
            static_cast<header*>(new_source::allocate({want.size + sizeof(header), 16}));
        *at = {this, want.size};
        return at + 1;
    }
    void deallocate(void* at, layout given) noexcept {
        if (home_of(at) != this) { std::abort(); }
        new_source::deallocate(static_cast<header*>(at) - 1, {given.size + sizeof(header), 16});
    }
    [[nodiscard]] std::size_t usable_size(const void* at) const noexcept {
        const header& front = *(static_cast<const header*>(at) - 1);
        return front.home == this ? front.size : 0;
    }
    static bool resize(void* /*at*/, layout /*given*/, std::size_t /*size*/) noexcept {
        return true;
    }
    static measuring* home_of(void* at) noexcept { return (static_cast<header*>(at) - 1)->home; }

private:
    struct alignas(16) header {
        measuring* home;
        std::size_t size;
    };
};

/// Takes back any block, and counts.
struct nomad : malloc_source {
    static constexpr bool thread_safe = false;
    void deallocate(void* at, layout given) noexcept {
        ++returned;
        malloc_source::deallocate(at, given);
    }
    int returned = 0;
};

/// Notices who comes in while another is inside.
struct solitary : malloc_source {
    static constexpr bool thread_safe = false;
    static void* allocate(layout want) noexcept {
        if (inside.exchange(true)) { ++met; }
        std::this_thread::yield();
        inside = false;
        return malloc_source::allocate(want);
    }
    static inline std::atomic<bool> inside{false};
    static inline std::atomic<int> met{0};
};

} // namespace

BOOST_AUTO_TEST_CASE(threads_without_an_instance_use_the_reserve_one_at_a_time) {
    struct tag {};
    using handle = per_thread<solitary, instances<tag>, tag>;
    instances<tag>::refuse = true;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([] {
            for (int round = 0; round < 1'000; ++round) {
                handle{}.deallocate(handle{}.allocate({40, 8}), {40, 8});
            }
        });
    }
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(solitary::met == 0);
}

BOOST_AUTO_TEST_CASE(asks_the_home_of_a_block_for_its_size) {
    using handle = per_thread<measuring, pages<>>;
    static_assert(measuring_policy<handle> && !adoptable_policy<measuring>);
    void* const at = handle{}.allocate({33, 8});
    BOOST_TEST(handle{}.resize(at, {33, 8}, 33));
    std::size_t size = 0;
    bool resized = true;
    elsewhere([&] {
        size = handle{}.usable_size(at);
        resized = handle::here() != nullptr && handle{}.resize(at, {33, 8}, 33);
        handle{}.deallocate(at, {33, 8});
    });
    BOOST_TEST(size == 33U);
    BOOST_TEST(!resized, "though the policy would");
}

BOOST_AUTO_TEST_CASE(what_anybody_takes_back_goes_to_the_instance_of_the_thread_that_releases) {
    using handle = per_thread<nomad, pages<>>;
    void* const at = handle{}.allocate({8, 8});
    int theirs = 0;
    elsewhere([&] {
        handle{}.deallocate(at, {8, 8});
        theirs = handle::here()->returned;
    });
    BOOST_TEST(theirs == 1);
    BOOST_TEST(handle::here()->returned == 0);
}

BOOST_AUTO_TEST_CASE(trims_what_this_thread_has_and_what_nobody_has) {
    struct tag {};
    pools<tag> handle;
    void* const kept = handle.allocate({40, 8});
    std::array<void*, 2> left{};
    elsewhere([&] {
        left[0] = handle.allocate({40, 8});
        elsewhere([&] { left[1] = handle.allocate({40, 8}); });
    });
    BOOST_TEST(made<tag>() == 3);
    elsewhere([&] { handle.deallocate_batch(left.data(), 2, {40, 8}); });
    BOOST_TEST(handle.trim() == 2U * 48);
    BOOST_TEST(handle.trim() == 0U);
    handle.deallocate(kept, {40, 8});
}

BOOST_AUTO_TEST_CASE(a_thread_gets_one_instance_even_if_a_handler_uses_it_meanwhile) {
    using memory = test::interrupted<struct for_an_instance>;
    using handle = per_thread<remote<pool16<>>, memory>;
    void* meanwhile = nullptr;
    const auto both_at_home = [&](bool refuses) {
        memory::before_next = [&] {
            meanwhile = handle{}.allocate({40, 8});
            memory::refuses = refuses;
        };
        void* const block = handle{}.allocate({40, 8});
        memory::refuses = false;
        auto* const home = remote<pool16<>>::home_of(block);
        BOOST_TEST((home == handle::here() && home == remote<pool16<>>::home_of(meanwhile)));
        handle{}.deallocate(block, {40, 8});
        handle{}.deallocate(meanwhile, {40, 8});
    };
    both_at_home(false);
    elsewhere([&] { both_at_home(true); });
    BOOST_TEST(memory::out == 2U);
}

BOOST_AUTO_TEST_CASE(a_handler_of_the_reserve_may_come_back_to_it) {
    using source = test::interrupted<struct below_the_reserve>;
    using handle = per_thread<retaining<4096, source>, null_source>;
    void* const first = handle{}.allocate({256, 16});
    void* second = nullptr;
    source::before_next = [&] {
        handle{}.deallocate(first, {256, 16});
        BOOST_TEST(handle::here() == nullptr);
        BOOST_TEST(handle{}.trim() == 256U);
        second = handle{}.allocate({256, 16});
    };
    void* const third = handle{}.allocate({512, 16});
    BOOST_TEST((third != nullptr && second != nullptr));
    handle{}.deallocate(third, {512, 16});
    elsewhere([&] { handle{}.deallocate(second, {256, 16}); }); // and nobody is locked out
    BOOST_TEST(handle{}.trim() == 768U);
    BOOST_TEST(source::out == 0U);
}

BOOST_AUTO_TEST_CASE(without_memory_for_an_instance_threads_share_the_reserve) {
    struct tag {};
    pools<tag> handle;
    instances<tag>::refuse = true;
    BOOST_TEST(handle.here() == nullptr);
    std::atomic<int> faults{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number) {
        threads.emplace_back([&, number] {
            std::list<int, allocator<int, pools<tag>>> numbers;
            for (int i = 0; i < 2'000; ++i) {
                numbers.push_back(number);
                if (i % 3 == 0) { numbers.pop_front(); }
            }
            if (handle.here() != nullptr ||
                !std::all_of(numbers.begin(), numbers.end(), [=](int i) { return i == number; })) {
                ++faults;
            }
        });
    }
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(faults == 0);
    BOOST_TEST(made<tag>() == 0);
    void* const at = handle.allocate({40, 8});
    instances<tag>::refuse = false;
    BOOST_TEST(handle.here() != nullptr, "as soon as there is memory again");
    BOOST_TEST((handle.here()->home_of(at) != handle.here()));
    BOOST_TEST(!handle.resize(at, {40, 8}, 41));
    handle.deallocate(at, {40, 8});
    BOOST_TEST(handle.trim() != 0U, "what came back to the reserve");
}

namespace {

/// Allocates and releases in its destructor, and once holds a block that another one releases.
template <class Handle>
class late {
public:
    explicit late(void*& other) : other_(&other) {}
    late(const late&) = delete;
    late& operator=(const late&) = delete;
    ~late() {
        if (*other_ != nullptr) { Handle{}.deallocate(*other_, {40, 8}); }
        std::list<int, allocator<int, Handle>> numbers(50, 3);
        numbers.pop_back();
        require(numbers.size() == 49 && numbers.back() == 3, "a list lost its nodes");
        *other_ = Handle{}.allocate({40, 8});
        require(*other_ != nullptr, "no block for a late destructor");
        std::memset(*other_, 9, 40);
        ++ended;
    }
    static inline std::atomic<int> ended{0};

private:
    void** other_;
};

/// Threads whose thread_locals end before the instance is left, after it, or both.
template <class Handle>
void end_late(bool before, bool after) {
    std::thread([=] {
        static thread_local void* shared = nullptr;
        if (after) { static thread_local const late<Handle> outlives(shared); }
        std::list<int, allocator<int, Handle>> numbers(10, 1);
        if (before) { static thread_local const late<Handle> ends_first(shared); }
        shared = Handle{}.allocate({40, 8});
    }).join();
}

/// One that comes into being while thread_locals end.
struct surprise {
    surprise() noexcept = default;
    surprise(const surprise&) = delete;
    surprise& operator=(const surprise&) = delete;
    ~surprise() {
        struct tag {};
        void* const at = pools<tag>{}.allocate({40, 8});
        require(at != nullptr && made<tag>() == 1, "no instance for a thread that begins late");
        pools<tag>{}.deallocate(at, {40, 8});
        void* const again = pools<tag>{}.allocate({40, 8});
        require(at == again, "its block is lost");
        pools<tag>{}.deallocate(again, {40, 8});
    }
};

struct statics_tag {};
using static_pools = pools<statics_tag>;
void* handed_on = nullptr;
late<static_pools> outlives_main(handed_on); // after the main thread left its instance

} // namespace

BOOST_AUTO_TEST_CASE(destructors_of_thread_locals_allocate_and_release_in_any_order) {
    struct tag {};
    using handle = pools<tag>;
    for (int i = 0; i < 200; ++i) { end_late<handle>(i % 2 == 0, i % 3 == 0); }
    BOOST_TEST(late<handle>::ended == 100 + 67);
    BOOST_TEST(made<tag>() == 1);
    end_late<static_pools>(true, true);
    elsewhere([] { static thread_local const surprise first_use_of_all; });
    elsewhere([] { static thread_local const surprise first_use_of_all; });
    struct arena_tag {};
    for (int i = 0; i < 20; ++i) { end_late<arenas<arena_tag>>(true, true); }
    BOOST_TEST(made<arena_tag>() == 1);
    handed_on = static_pools{}.allocate({40, 8});
}

BOOST_AUTO_TEST_CASE(a_thread_past_its_end_has_no_instance) {
    struct tag {};
    static std::atomic<int> seen{0};
    struct last {
        last() noexcept = default;
        last(const last&) = delete;
        last& operator=(const last&) = delete;
        ~last() { seen = pools<tag>::here() == nullptr && !left->owned() ? 1 : 2; }
        remote<pool16<>>* left = nullptr;
    };
    elsewhere([] {
        static thread_local last outlives;
        outlives.left = pools<tag>::here();
    });
    BOOST_TEST(seen == 1);
}

namespace {

/// Threads that allocate, hand blocks to one another, release what they got, end, and are followed
/// by others. @return Faults.
template <class Handle>
int churn_in_threads(std::size_t count, std::size_t generations) {
    static std::array<std::atomic<unsigned char*>, 64> exchange{};
    std::atomic<int> faults{0};
    const auto release = [&](unsigned char* at) {
        if (at == nullptr) { return; }
        const std::size_t size = 16 + 8U * at[0];
        if (!std::all_of(at, at + size, [at](unsigned char each) { return each == *at; })) {
            ++faults;
        }
        Handle{}.deallocate(at, {size, 8});
    };
    for (std::size_t generation = 0; generation < generations; ++generation) {
        std::vector<std::thread> threads;
        for (std::size_t number = 0; number < count; ++number) {
            threads.emplace_back([&, number] {
                std::mt19937 random(static_cast<unsigned>(generation * count + number));
                for (std::size_t i = 0; i < 2'000; ++i) {
                    const auto stamp = static_cast<unsigned char>(random() % 20);
                    const std::size_t size = 16 + 8U * stamp;
                    auto* const at = static_cast<unsigned char*>(Handle{}.allocate({size, 8}));
                    if (at == nullptr) { return void(++faults); }
                    std::memset(at, stamp, size);
                    release(exchange[random() % exchange.size()].exchange(at));
                }
            });
        }
        for (std::thread& each : threads) { each.join(); }
    }
    for (auto& each : exchange) { release(each.exchange(nullptr)); }
    return faults;
}

} // namespace

BOOST_AUTO_TEST_CASE(serves_2_4_and_16_threads_that_release_what_others_allocated) {
    struct two {};
    BOOST_TEST(churn_in_threads<pools<two>>(2, 5) == 0);
    BOOST_TEST(made<two>() <= 2);
    struct four {};
    BOOST_TEST(churn_in_threads<pools<four>>(4, 5) == 0);
    BOOST_TEST(made<four>() <= 4);
    struct sixteen {};
    BOOST_TEST(churn_in_threads<pools<sixteen>>(16, 3) == 0);
    BOOST_TEST(made<sixteen>() <= 16);
    struct arena_tag {};
    BOOST_TEST(churn_in_threads<arenas<arena_tag>>(4, 3) == 0);
    struct reserve_tag {};
    instances<reserve_tag>::refuse = true;
    BOOST_TEST(churn_in_threads<pools<reserve_tag>>(4, 3) == 0);
}

namespace {

/// Children come into being while threads allocate, release, come and go. @return Those that
/// failed.
template <class Handle>
int fork_under_churn() {
    const auto use = [](std::size_t n) {
        test::come_and_go(allocator<std::array<char, 90>, Handle>{}, n);
    };
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            for (; !stop; std::this_thread::yield()) {
                elsewhere([&] { use(3'000); });
            }
        });
    }
    int failed = 0;
    for (int i = 0; i < 100 && failed == 0; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(20); // a lock that nobody will ever open ends here
            use(200);
            Handle{}.trim();
            ::_exit(0);
        }
        int status = -1;
        if (::waitpid(child, &status, 0) != child || status != 0) { ++failed; }
    }
    stop = true;
    for (std::thread& each : threads) { each.join(); }
    return failed;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_child_can_allocate_whatever_the_threads_of_its_parent_did) {
    struct tag {};
    BOOST_TEST(fork_under_churn<pools<tag>>() == 0);
    struct reserve_tag {}; // all in one, behind its lock
    instances<reserve_tag>::refuse = true;
    BOOST_TEST(fork_under_churn<pools<reserve_tag>>() == 0);
}

BOOST_AUTO_TEST_CASE(
    a_child_keeps_its_threads_instance_and_takes_no_other_of_a_thread_that_is_gone) {
    struct tag {};
    using handle = pools<tag>;
    void* const mine = handle{}.allocate({40, 8});
    std::atomic<void*> theirs = nullptr;
    std::atomic<bool> stop = false;
    std::thread other([&] {
        theirs = handle{}.allocate({40, 8});
        while (!stop) { std::this_thread::yield(); }
    });
    while (theirs == nullptr) { std::this_thread::yield(); }
    const pid_t child = ::fork();
    if (child == 0) {
        handle{}.deallocate(theirs, {40, 8}); // to an inbox that nobody looks into
        handle{}.deallocate(mine, {40, 8});
        bool good = handle{}.allocate({40, 8}) == mine;
#if !defined(__SANITIZE_THREAD__) // which has no threads there
        elsewhere([&] { good = good && handle{}.allocate({40, 8}) != theirs; });
        good = good && made<tag>() == 3;
#endif
        ::_exit(good ? 0 : 1);
    }
    int status = -1;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
    stop = true;
    other.join();
    handle{}.deallocate(mine, {40, 8});
    handle{}.deallocate(theirs, {40, 8});
}

BOOST_AUTO_TEST_CASE(reaches_one_instance_through_all_rebinds_of_an_allocator) {
    struct tag {};
    using each_thread = allocator<int, pools<tag>>;
    std::map<int, int, std::less<>, each_thread::rebind<std::pair<const int, int>>::other> map;
    std::list<int, each_thread> list{1, 2, 3};
    for (int i = 0; i < 10; ++i) { map[i] = i; }
    BOOST_TEST(made<tag>() == 1);
    elsewhere([map = std::move(map)]() mutable { map.clear(); });
    BOOST_TEST(pools<tag>::here()->trim() != 0U);
}
