// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Small programs without a mistake: containers, messages, documents, resources, objects,
/// coroutines, arenas.

#include "container_programs.hpp"

#include <alloy/alloy.hpp>

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

namespace alloy::test {

/// These, and those with containers, over one policy.
class programs : container_programs {
public:
    /// One program of so many.
    static constexpr std::size_t count = 19;

    programs(at policy, dice random) : container_programs(policy, random) {}

    void run(std::size_t which) {
        static constexpr std::array<void (programs::*)(), count> all{
            &programs::vectors,   &programs::nested,         &programs::lists,
            &programs::deques,    &programs::maps,           &programs::multimaps,
            &programs::hash_maps, &programs::strings,        &programs::edits,
            &programs::heaps,     &programs::queues,         &programs::caches,
            &programs::documents, &programs::resources,      &programs::pools,
            &programs::owners,    &programs::shared_objects, &programs::coroutines,
            &programs::arenas};
        (this->*all[which])();
    }

private:
    void queues() { // first in, first out, of all sizes
        std::deque<std::pair<void*, layout>> messages;
        for (std::size_t i = 0; i < 200; ++i) {
            const layout want{1 + below(700), std::size_t{1} << below(5)};
            void* const body = p_.allocate(want);
            require_right(body != nullptr, "queues");
            std::memset(body, static_cast<int>(i), want.size);
            messages.emplace_back(body, want);
            while (messages.size() > 1 + below(30)) {
                p_.deallocate(messages.front().first, messages.front().second);
                messages.pop_front();
            }
        }
        for (const auto& [body, want] : messages) { p_.deallocate(body, want); }
    }

    struct value { // as in a JSON document
        explicit value(at p) : name(p), items(p) {}
        text name;
        std::vector<value, alloc<value>> items;
    };
    void grow(value& of, std::size_t depth) {
        of.name = word();
        for (std::size_t i = depth == 0 ? 0 : 1 + below(4); i > 0; --i) {
            grow(of.items.emplace_back(p_), depth - 1);
        }
    }
    void documents() {
        value root(p_);
        grow(root, 4);
        const value copy = root;
        root.items.clear();
        require_right(!copy.items.empty(), "documents");
    }
    void resources() {
        resource memory{p_};
        std::pmr::map<int, std::pmr::string> m(&memory);
        for (int i = 0; i < 50; ++i) { m.emplace(i, std::string(below(80), 'x').c_str()); }
        std::pmr::vector<std::pmr::string> v(&memory);
        for (const auto& [key, each] : m) { v.push_back(each); }
        std::pmr::monotonic_buffer_resource arena(&memory);
        std::pmr::vector<int> row(100, 1, &arena);
        require_right(v.size() == 50 && row.size() == 100, "resources");
    }
    void pools() {
        object_pool<std::array<number, 5>, at> pool{p_};
        std::vector<std::array<number, 5>*> kept;
        for (std::size_t i = 0; i < 60; ++i) {
            kept.push_back(pool.create());
            if (below(3) != 0) { continue; }
            pool.destroy(kept.back());
            kept.pop_back();
        }
        require_right(pool.size() == kept.size(), "pools");
    }
    void owners() {
        auto one = alloy::make_unique<std::string>(p_, "a string of its own, and a long one");
        auto row = alloy::make_unique<number[]>(p_, 1 + below(100));
        row[0] = one->size();
        auto other = std::move(row);
        require_right(other[0] == 35, "owners");
    }
    void shared_objects() {
        std::weak_ptr<text> weak;
        {
            const auto strong = std::allocate_shared<text>(alloc<text>(p_), word());
            weak = strong;
            require_right(weak.use_count() == 1, "shared_objects");
        }
        require_right(weak.expired(), "shared_objects");
    }

    struct numbers {
        struct promise_type : frame_from<at> {
            numbers get_return_object() {
                return {std::coroutine_handle<promise_type>::from_promise(*this)};
            }
            std::suspend_always initial_suspend() noexcept { return {}; }
            std::suspend_always final_suspend() noexcept { return {}; }
            std::suspend_always yield_value(number next) noexcept {
                value = next;
                return {};
            }
            void return_void() {}
            void unhandled_exception() { std::abort(); }
            number value = 0;
        };
        std::coroutine_handle<promise_type> frame;
    };
    static numbers squares(std::allocator_arg_t /*tag*/, at /*memory*/) {
        for (number i = 0;; ++i) { co_yield i* i; }
    }
    void coroutines() {
        std::vector<numbers> running;
        for (std::size_t i = 0; i < 10; ++i) { running.push_back(squares(std::allocator_arg, p_)); }
        number sum = 0;
        for (const numbers& each : running) {
            each.frame.resume();
            each.frame.resume();
            sum += each.frame.promise().value;
            each.frame.destroy();
        }
        require_right(sum == 10, "coroutines");
    }
    void arenas() {
        bump<bump_options{.first = 256}, at> arena{p_};
        for (std::size_t round = 0; round < 5; ++round) {
            std::vector<number, allocator<number, ref<decltype(arena)>>> v(arena);
            for (std::size_t i = 0; i < 50; ++i) { v.push_back(below(10)); }
            v.clear();
        }
        arena.release();
        require_right(arena.held() == 0, "arenas");
    }
};

} // namespace alloy::test
