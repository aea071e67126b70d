// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/adapt/c_heap.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/null.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <set>
#include <thread>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

using over_malloc = c_heap<malloc_source>;
static_assert(measuring_policy<over_malloc> && handle_policy<over_malloc> &&
              stateless_policy<over_malloc> && thread_safe_v<over_malloc>);
static_assert(stateless_policy<c_heap<locked<pool16<>>>>, "a bare policy means the process's");
static_assert(!rounding_policy<c_heap<ref<rich>>> && !resizing_policy<c_heap<ref<rich>>> &&
              !zeroing_policy<c_heap<ref<rich>>> && !batching_policy<c_heap<ref<rich>>> &&
              !trimming_policy<c_heap<ref<pool16<>>>> && !zero_fresh_v<c_heap<pages<>>>);
static_assert(handle_policy<c_heap<ref<rich>>> && sizeof(c_heap<ref<rich>>) == sizeof(void*) &&
              !std::default_initializable<c_heap<ref<rich>>>);
static_assert(c_heap<ref<rich>>::max_align == rich::max_align && !thread_safe_v<c_heap<ref<rich>>>);
static_assert(sizeof(std::vector<int, allocator<int, over_malloc>>) == sizeof(std::vector<int>));
static_assert(noexcept(over_malloc{}.malloc(1)) && noexcept(over_malloc{}.calloc(1, 1)) &&
              noexcept(over_malloc{}.realloc(nullptr, 1)) &&
              noexcept(over_malloc{}.free(nullptr)) &&
              noexcept(over_malloc{}.reallocarray(nullptr, 1, 1)) &&
              noexcept(over_malloc{}.aligned_alloc(1, 1)) &&
              noexcept(over_malloc{}.memalign(1, 1)) &&
              noexcept(over_malloc{}.posix_memalign(nullptr, 1, 1)) &&
              noexcept(over_malloc{}.malloc_usable_size(nullptr)));

constinit pool16<> before_main;
constinit c_heap<ref<pool16<>>> heap{ref<pool16<>>{before_main}}; // acquires nothing

constexpr int untouched = 12'345; // what errno was

/// True if `at` is null and errno says `why`.
bool failed(const void* at, int why) {
    const int said = errno;
    errno = untouched;
    return at == nullptr && said == why;
}

bool all_are(const void* at, std::size_t n, unsigned char value) {
    const auto* const bytes = static_cast<const unsigned char*>(at);
    return std::all_of(bytes, bytes + n, [&](unsigned char byte) { return byte == value; });
}

/// Sizes that no machine has, and whose sum with a prefix wraps.
constexpr std::array huge{any_size / 2 + 1, any_size - 16, any_size, any_size + 1,
                          SIZE_MAX - 32,    SIZE_MAX - 16, SIZE_MAX};

} // namespace

BOOST_AUTO_TEST_CASE(is_a_policy_that_conforms_and_returns_all_to_its_own) {
    ledger book;
    {
        pool16<probe> pool{book};
        c_heap<ref<pool16<probe>>> target{ref<pool16<probe>>{pool}};
        test::conformance(target, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    rich::record record;
    rich source{record};
    c_heap<ref<rich>> target{ref<rich>{source}};
    test::conformance(target, {200, 256});
    BOOST_TEST(record.live.empty());
    test::never_misaligned(heap, 128);
}

BOOST_AUTO_TEST_CASE(gives_blocks_of_16_bytes_alignment_whose_size_it_knows) {
    errno = untouched;
    for (std::size_t size = 1; size <= 500; ++size) {
        void* const at = heap.malloc(size);
        BOOST_TEST_REQUIRE(at != nullptr);
        BOOST_TEST_REQUIRE(detail::is_aligned(at, 16));
        BOOST_TEST_REQUIRE(heap.malloc_usable_size(at) == size);
        std::memset(at, 1, size);
        heap.free(at);
    }
    BOOST_TEST(errno == untouched);
    BOOST_TEST(heap.malloc_usable_size(nullptr) == 0U);
}

BOOST_AUTO_TEST_CASE(gives_a_block_of_its_own_for_no_bytes) {
    void* each = nullptr;
    std::set<void*> blocks{heap.malloc(0),
                           heap.calloc(0, 8),
                           heap.calloc(8, 0),
                           heap.realloc(nullptr, 0),
                           heap.reallocarray(nullptr, 0, 8),
                           heap.aligned_alloc(64, 0)};
    BOOST_TEST(heap.posix_memalign(&each, 64, 0) == 0);
    blocks.insert(each);
    BOOST_TEST(blocks.size() == 7U);
    BOOST_TEST(blocks.count(nullptr) == 0U);
    for (void* const at : blocks) { heap.free(at); }
}

BOOST_AUTO_TEST_CASE(clears_what_calloc_gives) {
    for (int round = 0; round < 2; ++round) {
        void* const at = heap.calloc(10, 10);
        BOOST_TEST(all_are(at, 100, 0));
        std::memset(at, 1, 100);
        heap.free(at);
    }
    rich::record record;
    rich source{record};
    const c_heap<ref<rich>> target{ref<rich>{source}};
    void* const at = target.calloc(10, 10);
    BOOST_TEST(record.zeroings == 1U); // the way that the policy has
    BOOST_TEST(all_are(at, 100, 0));
    target.free(at);
    const c_heap<pages<>> fresh;
    void* const page = fresh.calloc(1, 5'000);
    BOOST_TEST(all_are(page, 5'000, 0));
    fresh.free(page);
}

BOOST_AUTO_TEST_CASE(says_ENOMEM_for_what_no_memory_holds_at_every_entry) {
    errno = untouched;
    void* const block = heap.malloc(40);
    std::memset(block, 7, 40);
    for (const std::size_t size : huge) {
        BOOST_TEST(failed(heap.malloc(size), ENOMEM));
        BOOST_TEST(failed(heap.calloc(size, 1), ENOMEM));
        BOOST_TEST(failed(heap.realloc(nullptr, size), ENOMEM));
        BOOST_TEST(failed(heap.realloc(block, size), ENOMEM));
        BOOST_TEST(failed(heap.reallocarray(block, size, 1), ENOMEM));
        for (std::size_t align = 1; align != 0; align *= 2) {
            BOOST_TEST(failed(heap.aligned_alloc(align, size), ENOMEM));
            BOOST_TEST(failed(heap.memalign(align, size), ENOMEM));
            void* out = &out;
            const int answer = heap.posix_memalign(&out, align, size);
            BOOST_TEST(answer == (align < sizeof(void*) ? EINVAL : ENOMEM));
            BOOST_TEST(out == &out);
            BOOST_TEST(errno == untouched);
        }
    }
    for (const std::size_t n : {std::size_t{1} << 32U, SIZE_MAX / 8 + 1, SIZE_MAX}) {
        BOOST_TEST(failed(heap.calloc(n, n), ENOMEM));
        BOOST_TEST(failed(heap.calloc(n, SIZE_MAX / n + 1), ENOMEM)); // wraps to little or nothing
        BOOST_TEST(failed(heap.reallocarray(block, n, SIZE_MAX / n + 1), ENOMEM));
    }
    BOOST_TEST(failed(heap.aligned_alloc(any_align, 1), ENOMEM));
    BOOST_TEST(all_are(block, 40, 7));
    heap.free(block);
    BOOST_TEST(errno == untouched);
    BOOST_TEST(failed(c_heap<null_source>{}.malloc(1), ENOMEM));
    BOOST_TEST(failed(c_heap<null_source>{}.calloc(1, 1), ENOMEM));
}

BOOST_AUTO_TEST_CASE(aligns_as_asked_and_says_EINVAL_for_what_is_no_alignment) {
    errno = untouched;
    for (std::size_t align = 1; align <= 65'536; align *= 2) {
        void* out = nullptr;
        for (void* const at : {heap.aligned_alloc(align, 100), heap.memalign(align, 100)}) {
            BOOST_TEST(detail::is_aligned(at, std::max<std::size_t>(align, 16)));
            BOOST_TEST(heap.malloc_usable_size(at) == 100U);
            std::memset(at, 1, 100);
            heap.free(at);
        }
        const int answer = heap.posix_memalign(&out, align, 100);
        BOOST_TEST(answer == (align < sizeof(void*) ? EINVAL : 0));
        BOOST_TEST((out != nullptr) == (answer == 0));
        BOOST_TEST(detail::is_aligned(out, align));
        heap.free(out);
    }
    BOOST_TEST(errno == untouched);
    for (const std::size_t align : {0U, 3U, 24U, 48U}) {
        void* out = &out;
        BOOST_TEST(failed(heap.aligned_alloc(align, 8), EINVAL));
        BOOST_TEST(failed(heap.memalign(align, 8), EINVAL));
        BOOST_TEST(heap.posix_memalign(&out, align, 8) == EINVAL);
        BOOST_TEST(out == &out);
        BOOST_TEST(errno == untouched);
    }
}

BOOST_AUTO_TEST_CASE(moves_what_cannot_grow_in_place_and_keeps_its_bytes_and_alignment) {
    void* at = heap.aligned_alloc(64, 10);
    std::memset(at, 7, 10);
    std::size_t before = 10;
    for (const std::size_t size : {50U, 200U, 5'000U, 300U, 64U, 1U}) {
        at = heap.realloc(at, size);
        BOOST_TEST_REQUIRE(at != nullptr);
        BOOST_TEST(detail::is_aligned(at, 64));
        BOOST_TEST(heap.malloc_usable_size(at) == size);
        BOOST_TEST(all_are(at, std::min(before, size), 7));
        std::memset(at, 7, size);
        before = size;
    }
    at = heap.reallocarray(at, 25, 4);
    BOOST_TEST(heap.malloc_usable_size(at) == 100U);
    BOOST_TEST(all_are(at, 1, 7));
    heap.free(at);
}

BOOST_AUTO_TEST_CASE(keeps_a_block_that_is_resized_to_no_bytes) {
    ledger book;
    probe source{book};
    const c_heap<ref<probe>> target{ref<probe>{source}};
    void* const at = target.realloc(target.malloc(100), 0);
    BOOST_TEST(at != nullptr);
    BOOST_TEST(book.live.size() == 1U);
    target.free(at);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(resizes_in_place_where_the_policy_can) {
    rich::record record;
    rich source{record};
    const c_heap<ref<rich>> target{ref<rich>{source}};
    auto* const at = static_cast<unsigned char*>(target.malloc(40));
    std::memset(at, 7, 40);
    BOOST_TEST(target.realloc(at, 200) == at);
    BOOST_TEST(target.malloc_usable_size(at) == 200U);
    std::memset(at, 7, 200);
    BOOST_TEST(target.realloc(at, 20) == at);
    BOOST_TEST(all_are(at, 20, 7));
    BOOST_TEST(target.realloc(at, 19) == at); // of which the policy hears nothing
    void* const moved = target.realloc(at, 2'000);
    BOOST_TEST(moved != at);
    BOOST_TEST(record.live.size() == 1U);
    target.free(moved);
    BOOST_TEST(record.live.empty());
}

BOOST_AUTO_TEST_CASE(resizes_in_place_what_the_policy_rounds_to_the_same) {
    buddy<> source; // which cannot resize
    const c_heap<ref<buddy<>>> target{ref<buddy<>>{source}};
    void* const at = target.malloc(600);
    std::memset(at, 7, 600);
    BOOST_TEST(target.realloc(at, 900) == at);
    std::memset(at, 7, 900);
    BOOST_TEST(target.realloc(at, 520) == at);
    BOOST_TEST(target.malloc_usable_size(at) == 520U);
    BOOST_TEST(all_are(at, 520, 7));
    void* const moved = target.realloc(at, 2'000);
    BOOST_TEST(moved != at);
    BOOST_TEST(all_are(moved, 520, 7));
    target.free(moved);
}

BOOST_AUTO_TEST_CASE(leaves_all_as_it_was_where_a_move_finds_no_memory) {
    ledger book;
    probe source{book};
    const c_heap<ref<probe>> target{ref<probe>{source}};
    void* const at = target.malloc(100);
    std::memset(at, 7, 100);
    book.budget = 0;
    errno = untouched;
    BOOST_TEST(failed(target.realloc(at, 1'000), ENOMEM));
    BOOST_TEST(target.malloc_usable_size(at) == 100U);
    BOOST_TEST(all_are(at, 100, 7));
    void* out = nullptr;
    BOOST_TEST(target.posix_memalign(&out, 16, 8) == ENOMEM);
    BOOST_TEST(errno == untouched);
    target.free(at);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(keeps_errno_when_it_frees) {
    struct spoiling : new_source { // as a munmap that fails does
        static void deallocate(void* at, layout given) noexcept {
            new_source::deallocate(at, given);
            errno = EBADF;
        }
        [[nodiscard]] static void* allocate(layout want) noexcept {
            errno = EBADF;
            return new_source::allocate(want);
        }
    };
    const c_heap<spoiling> target;
    void* out = nullptr;
    errno = untouched;
    BOOST_TEST(target.posix_memalign(&out, 16, 8) == 0);
    BOOST_TEST(errno == untouched);
    target.free(out);
    target.free(nullptr);
    BOOST_TEST(errno == untouched);
}

BOOST_AUTO_TEST_CASE(serves_many_threads_at_once_and_random_resizes) {
    const c_heap<locked<pool16<>>> shared;
    std::array<bool, 4> sound{};
    std::vector<std::thread> threads;
    for (unsigned char mark = 0; mark < 4; ++mark) {
        threads.emplace_back([&, mark] {
            std::mt19937 random{mark};
            std::array<void*, 32> live{};
            sound[mark] = true;
            for (int step = 0; step < 5'000; ++step) {
                void*& at = live[random() % live.size()];
                const std::size_t before = shared.malloc_usable_size(at);
                const std::size_t after = 1 + random() % 400;
                at = shared.realloc(at, after);
                if (!all_are(at, std::min(before, after), mark)) { sound[mark] = false; }
                std::memset(at, mark, after);
            }
            for (void* const at : live) { shared.free(at); }
        });
    }
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST((sound == std::array{true, true, true, true}));
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(shows_an_overflow_by_one_and_a_second_release) {
    BOOST_TEST(test::dies([] { static_cast<volatile char*>(heap.malloc(13))[13] = 1; }));
    BOOST_TEST(test::dies([] {
        void* const at = heap.realloc(heap.malloc(100), 98); // the same bin
        static_cast<volatile char*>(at)[98] = 1;
    }));
    BOOST_TEST(test::dies([] {
        void* const at = heap.malloc(40);
        heap.free(at);
        heap.free(at);
    }));
}
#endif
