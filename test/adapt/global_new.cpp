// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/global_new.hpp>

#include <alloy/adapt/c_heap.hpp>
#include <alloy/compose/watched.hpp>
#include <alloy/core/around.hpp>
#include <alloy/source/malloc.hpp>

#include "support/unit_test.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

using namespace alloy;

namespace {

std::atomic<std::ptrdiff_t> balance{0}; // NOLINT: of the blocks that are out, what weigh() says

/// Tells sizes and alignments apart.
std::ptrdiff_t weigh(layout block) noexcept {
    return static_cast<std::ptrdiff_t>(block.size * block.align);
}

/// Weighs what comes and goes, with the sizes that a heap measures; refuses on request.
struct counting {
    static inline thread_local int refusals = 0;

    template <class Proceed>
    void* operator()(const op::allocate& asked, const Proceed& proceed) const noexcept {
        if (refusals != 0) {
            --refusals;
            return nullptr;
        }
        void* const at = proceed();
        if (at != nullptr) { balance += weigh(asked.want); }
        return at;
    }
    template <class Proceed>
    void operator()(const op::deallocate& asked, const Proceed& proceed) const noexcept {
        balance -= weigh(asked.given);
        proceed();
    }
    template <class Op, class Proceed>
    decltype(auto) operator()(const Op& /*any*/, const Proceed& proceed) const noexcept {
        return proceed();
    }
};

using heap = watched<around<counting, c_heap<malloc_source>>>;
static_assert(measuring_policy<heap> && thread_safe_v<heap>);

struct alignas(256) wide {
    std::array<char, 256> bytes;
};

/// Calls that keep optimisers from removing a pair of new and delete.
template <class T>
T* seen(T* at) {
    asm volatile("" : "+r"(at) : : "memory");
    return at;
}

} // namespace

ALLOY_GLOBAL_NEW(heap);

BOOST_AUTO_TEST_CASE(serves_every_form_and_takes_every_block_back) {
    const std::ptrdiff_t before = balance;
    const auto forms = [&](auto take, auto give, std::size_t align = 16) {
        void* const at = seen(take());
        BOOST_TEST(at != nullptr);
        BOOST_TEST(balance == before + weigh({24, align}));
        give(at);
        BOOST_TEST(balance == before);
    };
    constexpr std::align_val_t wide_align{256};
    const auto aligned = [&](void* at) {
        BOOST_TEST(detail::is_aligned(at, 256));
        return at;
    };
    forms([] { return ::operator new(24); }, [](void* at) { ::operator delete(at); });
    forms([] { return ::operator new[](24); }, [](void* at) { ::operator delete[](at); });
    forms([] { return ::operator new(24, std::nothrow); },
          [](void* at) { ::operator delete(at, std::nothrow); });
    forms([] { return ::operator new[](24, std::nothrow); },
          [](void* at) { ::operator delete[](at, std::nothrow); });
    forms([&] { return aligned(::operator new(24, wide_align)); },
          [](void* at) { ::operator delete(at, wide_align); }, 256);
    forms([&] { return aligned(::operator new[](24, wide_align)); },
          [](void* at) { ::operator delete[](at, wide_align); }, 256);
    forms([&] { return aligned(::operator new(24, wide_align, std::nothrow)); },
          [](void* at) { ::operator delete(at, wide_align, std::nothrow); }, 256);
    forms([&] { return aligned(::operator new[](24, wide_align, std::nothrow)); },
          [](void* at) { ::operator delete[](at, wide_align, std::nothrow); }, 256);
#if defined(__cpp_sized_deallocation)
    forms([] { return ::operator new(24); }, [](void* at) { ::operator delete(at, 24); });
    forms([] { return ::operator new[](24); }, [](void* at) { ::operator delete[](at, 24); });
    forms([&] { return ::operator new(24, wide_align); },
          [](void* at) { ::operator delete(at, 24, wide_align); }, 256);
    forms([&] { return ::operator new[](24, wide_align); },
          [](void* at) { ::operator delete[](at, 24, wide_align); }, 256);
#endif
}

BOOST_AUTO_TEST_CASE(serves_expressions_containers_and_threads) {
    const std::ptrdiff_t before = balance;
    {
        const std::unique_ptr<wide> one(seen(new wide));
        const std::unique_ptr<wide[]> many(seen(new wide[3])); // NOLINT(*-avoid-c-arrays)
        BOOST_TEST(detail::is_aligned(many.get(), 256));
        BOOST_TEST(balance >= before + 1'024);
        std::vector<std::string> strings(100, std::string(100, 'x'));
        std::thread([&] { strings.clear(); }).join();
    }
    BOOST_TEST(balance == before);
}

BOOST_AUTO_TEST_CASE(gives_a_block_of_its_own_for_no_bytes_and_ignores_null) {
    const std::ptrdiff_t before = balance;
    void* const a = ::operator new(0);
    const std::ptrdiff_t more = balance - before;
    void* const b = ::operator new(0);
    BOOST_TEST(more > 0, "the policy is asked for one byte at least");
    BOOST_TEST(a != nullptr);
    BOOST_TEST(a != b);
    ::operator delete(a);
    ::operator delete(b);
    ::operator delete(nullptr);
    ::operator delete[](nullptr, std::align_val_t{64});
}

BOOST_AUTO_TEST_CASE(throws_bad_alloc_for_every_size_that_no_memory_holds) {
    for (const std::size_t size : {any_size / 2 + 1, any_size, SIZE_MAX - 15, SIZE_MAX}) {
        BOOST_CHECK_THROW(static_cast<void>(seen(::operator new(size))), std::bad_alloc);
        BOOST_CHECK_THROW(static_cast<void>(seen(::operator new[](size))), std::bad_alloc);
        BOOST_TEST(::operator new(size, std::nothrow) == nullptr);
        BOOST_TEST(::operator new[](size, std::nothrow) == nullptr);
        for (std::size_t align = 1; align <= 4'096; align *= 2) {
            const std::align_val_t strong{align};
            BOOST_CHECK_THROW(static_cast<void>(::operator new(size, strong)), std::bad_alloc);
            BOOST_CHECK_THROW(static_cast<void>(::operator new[](size, strong)), std::bad_alloc);
            BOOST_TEST(::operator new(size, strong, std::nothrow) == nullptr);
            BOOST_TEST(::operator new[](size, strong, std::nothrow) == nullptr);
        }
    }
}

namespace {

std::atomic<int> calls{0}; // NOLINT: of a new_handler

} // namespace

BOOST_AUTO_TEST_CASE(calls_the_new_handler_until_there_is_memory) {
    std::set_new_handler([] { ++calls; });
    counting::refusals = 3;
    ::operator delete(seen(::operator new(24)));
    BOOST_TEST(calls == 3);
    counting::refusals = 2;
    ::operator delete(seen(::operator new(24, std::nothrow)));
    BOOST_TEST(calls == 5);
    std::set_new_handler(nullptr);
}

BOOST_AUTO_TEST_CASE(ends_with_what_the_new_handler_decides) {
    calls = 0;
    std::set_new_handler([] {
        if (++calls == 2) { std::set_new_handler(nullptr); }
    });
    counting::refusals = 3;
    BOOST_CHECK_THROW(static_cast<void>(seen(::operator new(24))), std::bad_alloc);
    BOOST_TEST(calls == 2);
    std::set_new_handler([] { throw std::bad_alloc{}; });
    counting::refusals = 1;
    BOOST_CHECK_THROW(static_cast<void>(seen(::operator new(24))), std::bad_alloc);
    counting::refusals = 1;
    void* const at = ::operator new(24, std::nothrow);
    std::set_new_handler(nullptr);
    BOOST_TEST(at == nullptr);
}

BOOST_AUTO_TEST_CASE(shows_every_new_to_a_no_alloc_scope) {
    static std::size_t last = 0;
    const no_alloc_handler before =
        no_alloc_scope::on_violation([](std::size_t bytes) noexcept { last = bytes; });
    std::size_t seen_in_scope = 0;
    {
        std::vector<int> room;
        room.reserve(10);
        const no_alloc_scope quiet;
        room.resize(10);
        const std::string text(100, 'x');
        static_cast<void>(text);
        delete seen(new wide);
        seen_in_scope = quiet.violations();
    }
    no_alloc_scope::on_violation(before);
    BOOST_TEST(seen_in_scope == 2U);
    BOOST_TEST(last == sizeof(wide));
}
