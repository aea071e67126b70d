// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::frame_from: the policy cannot align a frame
#include <alloy/adapt/coroutine.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/freelist.hpp>

#include <coroutine>

#if defined(ALLOY_COMPILE_OK)
using policy = alloy::locked<alloy::freelist<alloy::layout{1024, 16}>>;
#else
using policy = alloy::locked<alloy::freelist<alloy::layout{1024, 8}>>;
#endif

struct task {
    struct promise_type : alloy::frame_from<policy> {
        task get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() {}
    };
};

task run() { co_return; }
