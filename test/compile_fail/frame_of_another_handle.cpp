// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::frame_from: what follows std::allocator_arg is no handle of Policy
#include <alloy/adapt/coroutine.hpp>
#include <alloy/policy/bump.hpp>

#include <coroutine>

using policy = alloy::new_source;

struct task {
    struct promise_type : alloy::frame_from<policy> {
        task get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() {}
    };
};

#if defined(ALLOY_COMPILE_OK)
task run(std::allocator_arg_t, alloy::new_source) { co_return; }
#else
task run(std::allocator_arg_t, alloy::bump<>&) { co_return; } // its frame would come from elsewhere
#endif
