// SPDX-License-Identifier: BSL-1.0
#include "support/pool_module.hpp"

#include "support/unit_test.hpp"

#include <cstddef>
#include <cstdio>
#include <thread>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <unistd.h>

using namespace alloy;
using test::pool_calls;
using test::shared_pool;

namespace {

class loaded {
public:
    explicit loaded(const char* path) : object_(::dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
        BOOST_TEST_REQUIRE(object_ != nullptr, ::dlerror());
        module_ = static_cast<const test::pool_module*>(::dlsym(object_, "alloy_test_pool_module"));
        BOOST_TEST_REQUIRE(module_ != nullptr);
    }
    loaded(const loaded&) = delete;
    loaded& operator=(const loaded&) = delete;
    ~loaded() { BOOST_TEST(::dlclose(object_) == 0); }

    const test::pool_module* operator->() const { return module_; }

private:
    void* object_;
    const test::pool_module* module_ = nullptr;
};

bool is_loaded(const char* path) {
    void* const object = ::dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    if (object != nullptr) { ::dlclose(object); }
    return object != nullptr;
}

constexpr layout block{40, 8};

void churn(const pool_calls& pool, std::size_t n) {
    std::vector<void*> live(n);
    for (void*& each : live) { each = pool.take(block); }
    for (void* each : live) { pool.give(each, block); }
}

/// True if what goes into one comes out of the other.
bool are_one(const pool_calls& a, const pool_calls& b) {
    void* const given = a.take(block);
    b.give(given, block);
    void* const taken = a.take(block);
    a.give(taken, block);
    return given == taken;
}

/// Bytes of the address space that may be written; what malloc reserves for its arenas may not.
std::size_t writable() {
    std::FILE* const file = std::fopen("/proc/self/statm", "r");
    unsigned long count = 0; // NOLINT(google-runtime-int): as scanf has it
    const bool good =
        file != nullptr && std::fscanf(file, "%*u %*u %*u %*u %*u %lu", &count) == 1; // NOLINT
    if (file != nullptr) { std::fclose(file); }
    BOOST_TEST_REQUIRE(good);
    return count * pages<>::page_size();
}

} // namespace

BOOST_AUTO_TEST_CASE(two_modules_and_the_program_share_one_pool_and_one_cache_a_thread) {
    const loaded first(ALLOY_TEST_FIRST_MODULE);
    const loaded second(ALLOY_TEST_SECOND_MODULE);
    const pool_calls& here = test::calls_of<shared_pool>;
    for (const auto& [a, b] : {std::pair{first->shared, second->shared},
                               std::pair{second->shared, here}, std::pair{here, first->shared}}) {
        BOOST_TEST(are_one(a, b));
        BOOST_TEST((a.account() == b.account()));
    }
}

BOOST_AUTO_TEST_CASE(two_modules_do_not_share_the_pools_of_their_own_tags) {
    const loaded first(ALLOY_TEST_FIRST_MODULE);
    const loaded second(ALLOY_TEST_SECOND_MODULE);
    churn(first->own, 1'000);
    const byte_account before = first->own.account();
    BOOST_TEST(before.cached > 0U);
    churn(second->own, 10'000);
    churn(second->shared, 10'000);
    BOOST_TEST((first->own.account() == before));
}

BOOST_AUTO_TEST_CASE(a_module_that_hides_its_names_shares_nothing) {
    const loaded hidden(ALLOY_TEST_HIDDEN_MODULE);
    churn(test::calls_of<shared_pool>, 1'000);
    BOOST_TEST(shared_pool::account().cached > 0U);
    std::thread([&] {
        BOOST_TEST(hidden->shared.account().cached == 0U);
        churn(hidden->shared, 100);
        BOOST_TEST(hidden->shared.account().cached > 0U);
    }).join();
    BOOST_TEST(hidden->shared.account().cached == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_outlives_the_module_that_asked_for_it) {
    void* at = nullptr;
    {
        const loaded module(ALLOY_TEST_FIRST_MODULE);
        at = module->shared.take(block);
    }
    BOOST_TEST_REQUIRE(at != nullptr);
    *static_cast<char*>(at) = 'x';
    shared_pool::deallocate(at, block);
    BOOST_TEST(shared_pool::allocate(block) == at);
    shared_pool::deallocate(at, block);
}

BOOST_AUTO_TEST_CASE(a_hidden_module_that_threads_used_is_unloaded_and_leaves_nothing_mapped) {
    const auto round = [] {
        const loaded module(ALLOY_TEST_HIDDEN_MODULE);
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
                churn(module->shared, 500);
                churn(module->own, 500);
            });
        }
        for (std::thread& each : threads) { each.join(); }
    };
    for (int i = 0; i < 10; ++i) { round(); }
    BOOST_TEST(!is_loaded(ALLOY_TEST_HIDDEN_MODULE));
    [[maybe_unused]] const std::size_t before = writable();
    for (int i = 0; i < 100; ++i) { round(); }
    BOOST_TEST(!is_loaded(ALLOY_TEST_HIDDEN_MODULE));
#if !defined(__SANITIZE_THREAD__) // which keeps megabytes for each module that was ever loaded
    BOOST_TEST(writable() < before + (std::size_t{50} << 20U)); // half a chunk a round
#endif
}

BOOST_AUTO_TEST_CASE(a_hidden_module_stays_until_the_last_thread_that_used_it_has_ended) {
    for (int i = 0; i < 20; ++i) {
        std::thread([] {
            {
                const loaded module(ALLOY_TEST_HIDDEN_MODULE);
                churn(module->shared, 500);
            }
            BOOST_TEST(is_loaded(ALLOY_TEST_HIDDEN_MODULE)); // its code returns what was kept
        }).join();
    }
    { const loaded once_more(ALLOY_TEST_HIDDEN_MODULE); } // the next to close unloads it
    BOOST_TEST(!is_loaded(ALLOY_TEST_HIDDEN_MODULE));
}
