// SPDX-License-Identifier: BSL-1.0
#include "support/module.hpp"

#include "support/unit_test.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;
using test::shared_pool;

namespace {

class loaded_module {
public:
    loaded_module() : object_(::dlopen(ALLOY_TEST_MODULE, RTLD_NOW | RTLD_LOCAL)) {
        BOOST_TEST_REQUIRE(object_ != nullptr, ::dlerror());
        calls_ = static_cast<const test::module_calls*>(::dlsym(object_, "alloy_test_module"));
        BOOST_TEST_REQUIRE(calls_ != nullptr);
    }
    loaded_module(const loaded_module&) = delete;
    loaded_module& operator=(const loaded_module&) = delete;
    ~loaded_module() { BOOST_TEST(::dlclose(object_) == 0); }

    const test::module_calls* operator->() const { return calls_; }

private:
    void* object_;
    const test::module_calls* calls_ = nullptr;
};

bool child_lives() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20);
        shared_pool{}.deallocate(shared_pool{}.allocate({24, 8}), {24, 8});
        ::_exit(0);
    }
    int status = -1;
    return ::waitpid(child, &status, 0) == child && status == 0;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_pool_is_one_for_the_process_and_one_with_a_hidden_tag_for_the_module) {
    const loaded_module module;
    BOOST_TEST(module->shared_instance() == &shared_pool::instance());
    BOOST_TEST(module->own_instance() != &shared_pool::instance());
    BOOST_TEST(module->use(100) == 200U);
}

BOOST_AUTO_TEST_CASE(a_block_may_outlive_the_module_that_asked_for_it) {
    void* at = nullptr;
    {
        const loaded_module module;
        at = module->take({24, 8});
    }
    BOOST_TEST_REQUIRE(at != nullptr);
    *static_cast<char*>(at) = 'x';
    shared_pool{}.deallocate(at, {24, 8});
    BOOST_TEST(shared_pool{}.allocate({24, 8}) == at);
    shared_pool{}.deallocate(at, {24, 8});
}

BOOST_AUTO_TEST_CASE(a_module_may_be_loaded_used_by_threads_and_unloaded_many_times) {
    for (int round = 0; round < 100; ++round) {
        const loaded_module module;
        std::atomic<int> good = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] { good += module->use(50) == 100 ? 1 : 0; });
        }
        for (std::thread& each : threads) { each.join(); }
        BOOST_TEST_REQUIRE(good == 3);
    }
    BOOST_TEST(child_lives()); // no guard of an unloaded module is called at a fork
}
