// SPDX-License-Identifier: BSL-1.0
// Coroutine frames from a policy: a base of the promise, and std::allocator_arg to say which arena.
// EXPECT: from a pool: 0 1 1 2 3 5 8 13
// EXPECT: from an arena: 1 2 4 8 16 32 64 128
#include <alloy/adapt/coroutine.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include <coroutine>
#include <cstdio>

template <class Policy>
struct generator {
    struct promise_type;
    using handle = std::coroutine_handle<promise_type>;
    struct promise_type : alloy::frame_from<Policy> { // all that a coroutine type needs
        handle get_return_object() { return handle::from_promise(*this); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int next) noexcept {
            value = next;
            return {};
        }
        void return_void() {}
        void unhandled_exception() { throw; }
        int value = 0;
    };

    generator(handle made) : frame(made) {}
    generator(const generator&) = delete;
    ~generator() { frame.destroy(); }

    handle frame;
};

generator<alloy::locked<alloy::pool16<>>> fibonacci() {
    int a = 0;
    for (int b = 1;; b += a, a = b - a) { co_yield a; }
}

generator<alloy::ref<alloy::bump<>>> powers(std::allocator_arg_t, alloy::bump<>&, int base) {
    for (int power = 1;; power *= base) { co_yield power; }
}

template <class Numbers>
void print_eight(const char* from, Numbers&& numbers) {
    std::printf("from %s:", from);
    for (int i = 0; i < 8; ++i) {
        numbers.frame.resume();
        std::printf(" %d", numbers.frame.promise().value);
    }
    std::puts("");
}

int main() {
    print_eight("a pool", fibonacci());
    alloy::bump<> arena;
    print_eight("an arena", powers(std::allocator_arg, arena, 2));
}
