// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/segregate.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/resident.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;

using test::resident;

using guarded = pages<pages_options{.guard = true}>;
using reserved = pages<pages_options{.reserve = true}>;
using advised = pages<pages_options{.huge = huge_pages::advise}>;
using required = pages<pages_options{.huge = huge_pages::required}>;
using required_guarded = pages<pages_options{.huge = huge_pages::required, .guard = true}>;
using tight = pages<pages_options{.guard = true, .tight = true}>;
using prefaulted = pages<pages_options{.backing = page_backing::prefaulted}>;
using locked_down = pages<pages_options{.backing = page_backing::locked}>;
using all_at_once = pages<pages_options{
    .huge = huge_pages::advise, .guard = true, .tight = true, .backing = page_backing::locked}>;

static_assert(stateless_policy<pages<>> && rounding_policy<pages<>> && resizing_policy<pages<>> &&
              zeroing_policy<pages<>>);
static_assert(!(owning_policy<pages<>> || batching_policy<pages<>> || resettable_policy<pages<>> ||
                measuring_policy<pages<>> || trimming_policy<pages<>>));
static_assert(thread_safe_v<pages<>> && migratory_v<pages<>> && zero_fresh_v<pages<>>);
static_assert(stateless_policy<guarded> && zeroing_policy<guarded>);
static_assert(!resizing_policy<guarded> && !resizing_policy<tight>,
              "the guard stands where a block would grow");
static_assert(resizing_policy<prefaulted> && resizing_policy<locked_down>);

static_assert(discarding_policy<reserved> && !discarding_policy<prefaulted> &&
                  !discarding_policy<locked_down>,
              "what must be there at all times is not given back");

constinit pages<> before_main;

namespace {

bool refuses_to_lock = false;

} // namespace

/// In place of the system's, to which it goes on unless it is told to refuse.
extern "C" int mlock2(const void* at, std::size_t bytes, unsigned flags) noexcept {
    return refuses_to_lock ? -1 : static_cast<int>(::syscall(SYS_mlock2, at, bytes, flags));
}

namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

/// A number from a file of the kernel; nothing is allocated, so that it may be compared.
std::size_t number_in(const char* path) {
    std::array<char, 64> text{};
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) { return 0; }
    const ssize_t length = ::read(file, text.data(), text.size() - 1);
    ::close(file);
    return length > 0 ? std::strtoull(text.data(), nullptr, 10) : 0;
}

/// Bytes of the address space in use; the kernel counts pages. Compare two only if nothing between
/// them checks or allocates, for the heap may grow too.
std::size_t mapped() {
    return number_in("/proc/self/statm") * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// True if some page of the range is mapped.
bool any_mapped(const void* at, std::size_t bytes) {
    const std::size_t page = pages<>::page_size();
    for (std::size_t offset = 0; offset < bytes; offset += page) {
        unsigned char resident = 0;
        auto* const each = static_cast<std::byte*>(const_cast<void*>(at)) + offset; // NOLINT
        if (::mincore(each, page, &resident) == 0) { return true; }
    }
    return false;
}

/// Bytes that may not be swapped out, as the kernel counts them.
std::size_t locked_bytes() {
    std::array<char, 4096> text{};
    const int file = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (file < 0 || ::read(file, text.data(), text.size() - 1) < 0) { return 0; }
    ::close(file);
    const char* const line = std::strstr(text.data(), "VmLck:");
    return line == nullptr ? 0 : 1024 * std::strtoull(line + 6, nullptr, 10);
}

/// True if this process may lock so many bytes; else says so.
bool may_lock(std::size_t bytes) {
    void* const at = locked_down::allocate({bytes, 1});
    if (at == nullptr) {
        std::printf("this process may not lock %zu bytes\n", bytes);
        return false;
    }
    locked_down::deallocate(at, {bytes, 1});
    return true;
}

/// Page faults of this process so far, where the memory was there.
long faults() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return used.ru_minflt;
}

/// What `call` returns in a process of its own that may lock `bytes` bytes.
template <class Call>
int with_lock_limit(std::size_t bytes, Call call) {
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit few{bytes, bytes};
        __user_cap_header_struct self{_LINUX_CAPABILITY_VERSION_3, 0};
        std::array<__user_cap_data_struct, 2> no_privilege{};
        const bool limited = ::setrlimit(RLIMIT_MEMLOCK, &few) == 0 &&
                             ::syscall(SYS_capset, &self, no_privilege.data()) == 0;
        ::_exit(limited ? call() : -1);
    }
    int status = 0;
    BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// True if a child process that writes to `at` dies by SIGSEGV.
bool is_off_limits(volatile unsigned char* at) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGSEGV, SIG_DFL); // the test framework, or a sanitizer, would report it
        std::signal(SIGBUS, SIG_DFL);
        *at = 1;
        ::_exit(0);
    }
    int status = 0;
    BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

bool all_zero(const void* at, std::size_t bytes) {
    const auto* const first = static_cast<const unsigned char*>(at);
    return std::all_of(first, first + bytes, [](unsigned char byte) { return byte == 0; });
}

/// Every size and alignment around the page: the address space grows by what the block is said to
/// be, plus `margin`, and is as before at the end.
template <class Source>
void maps_exactly_its_blocks(std::size_t margin) {
    const std::size_t page = Source::page_size();
    for (std::size_t align = 1; align <= 1024 * page; align *= 4) {
        for (const std::size_t size : {std::size_t{1}, page - 1, page, page + 1, 9 * page}) {
            const layout want{size, align};
            const std::size_t good = Source::good_size(want);
            const std::size_t before = mapped();
            auto* const at = static_cast<unsigned char*>(Source::allocate(want));
            const std::size_t during = mapped();
            if (at == nullptr) { BOOST_FAIL("refused"); }
            at[0] = 1;
            at[good - 1] = 1;
            Source::deallocate(at, want);
            const std::size_t after = mapped();
            BOOST_TEST_REQUIRE(detail::is_aligned(at, std::max(align, page)));
            BOOST_TEST_REQUIRE(during - before == good + margin);
            BOOST_TEST_REQUIRE(after == before);
            BOOST_TEST_REQUIRE(!any_mapped(at - margin / 2, good + margin));
        }
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms) {
    const std::size_t page = pages<>::page_size();
    pages<> plain;
    test::conformance(plain, {3 * page, 4 * page}, 4000);
    guarded fenced;
    test::conformance(fenced, {3 * page, 4 * page}, 4000);
    advised large;
    test::conformance(large, {3 * page, 4 * page}, 1000);
    reserved lazy;
    test::conformance(lazy, {3 * page, 4 * page}, 1000);
    tight fenced_in;
    test::conformance(fenced_in, {2 * page, 2 * page}, 2000);
    prefaulted ready;
    test::conformance(ready, {2 * page, page}, 1000);
    if (may_lock(192 * page)) {
        locked_down here;
        test::conformance(here, {2 * page, page}, 1000);
        all_at_once strict;
        test::conformance(strict, {2 * page, page}, 1000);
    }
}

BOOST_AUTO_TEST_CASE(finds_the_page_size_of_the_system) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    BOOST_TEST(pages<>::page_size() == page);
    BOOST_TEST(guarded::page_size() == page);
    BOOST_TEST(advised::page_size() == page);
    BOOST_TEST(required::page_size() == 2 * mib);
    BOOST_TEST(tight::page_size() == page);
}

BOOST_AUTO_TEST_CASE(makes_whole_pages_usable) {
    const std::size_t page = pages<>::page_size();
    BOOST_TEST(pages<>::good_size({1, 1}) == page);
    BOOST_TEST(pages<>::good_size({page, 1}) == page);
    BOOST_TEST(pages<>::good_size({page + 1, 8 * page}) == 2 * page);
    BOOST_TEST(required::good_size({1, 1}) == 2 * mib);
    BOOST_TEST(pages<>::good_size({pages<>::max_size + 1, 1}) == pages<>::max_size + 1);
    BOOST_TEST(pages<>::good_size({1, 2 * pages<>::max_align}) == 1U);
    BOOST_TEST(tight::good_size({5'000, 16}) == 5'000U);
}

BOOST_AUTO_TEST_CASE(rounds_to_no_more_than_it_serves) {
    for (std::size_t size = pages<>::max_size - 2; size <= pages<>::max_size; ++size) {
        BOOST_TEST(pages<>::good_size({size, 1}) == pages<>::max_size);
        BOOST_TEST(required::good_size({size, 1}) == pages<>::max_size);
        BOOST_TEST(tight::good_size({size, 1}) == size);
    }
    for (const std::size_t size : {pages<>::max_size + 1, any_size, any_size + 1, SIZE_MAX}) {
        BOOST_TEST(pages<>::good_size({size, 1}) == size);
    }
}

BOOST_AUTO_TEST_CASE(maps_no_more_than_it_hands_out_and_leaves_nothing_mapped) {
    maps_exactly_its_blocks<pages<>>(0);
    maps_exactly_its_blocks<reserved>(0);
    maps_exactly_its_blocks<advised>(0);
    maps_exactly_its_blocks<guarded>(2 * guarded::page_size());
}

BOOST_AUTO_TEST_CASE(takes_a_block_back_by_any_size_it_may_have) {
    const std::size_t page = pages<>::page_size();
    const std::size_t before = mapped();
    for (const std::size_t given : {page + 1, page + 2, 2 * page}) {
        pages<>::deallocate(pages<>::allocate({page + 1, 1}), {given, 1});
        guarded::deallocate(guarded::allocate({page + 1, 1}), {given, 1});
    }
    const std::size_t after = mapped();
    BOOST_TEST(after == before);
}

BOOST_AUTO_TEST_CASE(refuses_what_the_system_cannot_map_and_maps_nothing) {
    const std::size_t before = mapped();
    int served = 0;
    for (std::size_t align = 1; align <= 2 * pages<>::max_align; align *= 2) {
        for (const std::size_t size : {pages<>::max_size, pages<>::max_size + 1, SIZE_MAX}) {
            served += pages<>::allocate({size, align}) != nullptr ? 1 : 0;
            served += guarded::allocate({size, align}) != nullptr ? 1 : 0;
            served += required::allocate({size, align}) != nullptr ? 1 : 0;
        }
    }
    served += pages<>::allocate({1, 2 * pages<>::max_align}) != nullptr ? 1 : 0;
    const std::size_t after = mapped();
    BOOST_TEST(served == 0);
    BOOST_TEST(after == before);
}

BOOST_AUTO_TEST_CASE(hands_out_zeroes_and_memory_only_where_it_is_touched) {
    void* const at = pages<>::allocate({16 * mib, 1});
    BOOST_TEST(resident(at, 16 * mib) == 0U);
    static_cast<unsigned char*>(at)[5 * mib] = 1;
    BOOST_TEST(resident(at, 16 * mib) < 16 * mib);
    BOOST_TEST(all_zero(at, 5 * mib));
    pages<>::deallocate(at, {16 * mib, 1});
    for (int round = 0; round < 20; ++round) {
        void* const zeroed = pages<>::allocate_zeroed({10'000, 8});
        BOOST_TEST(all_zero(zeroed, pages<>::good_size({10'000, 8})));
        std::memset(zeroed, 255, 10'000);
        pages<>::deallocate(zeroed, {10'000, 8});
    }
}

BOOST_AUTO_TEST_CASE(guards_a_block_on_both_sides) {
    const std::size_t page = guarded::page_size();
    for (const std::size_t align : {std::size_t{1}, 16 * page}) {
        auto* const at = static_cast<unsigned char*>(guarded::allocate({page + 1, align}));
        BOOST_TEST(is_off_limits(at - 1));
        BOOST_TEST(is_off_limits(at - page));
        BOOST_TEST(is_off_limits(at + 2 * page));
        BOOST_TEST(is_off_limits(at + 3 * page - 1));
        BOOST_TEST(!is_off_limits(at));
        BOOST_TEST(!is_off_limits(at + 2 * page - 1));
        guarded::deallocate(at, {page + 1, align});
    }
}

BOOST_AUTO_TEST_CASE(ends_a_tight_block_where_its_guard_begins) {
    const std::size_t page = tight::page_size();
    const std::size_t before = mapped();
    for (const std::size_t size : {1U, 100U, 4'096U, 5'000U, 100'000U}) {
        for (const std::size_t align :
             {std::size_t{1}, std::size_t{8}, std::size_t{64}, page, 16 * page}) {
            auto* const at = static_cast<unsigned char*>(tight::allocate({size, align}));
            const std::size_t bytes = detail::round_up(size, page);
            BOOST_TEST(detail::is_aligned(at, align));
            BOOST_TEST(all_zero(at, size));
            std::memset(at, 1, size);
            // The alignment may leave bytes between the two, fewer than it and than a page.
            unsigned char* const guard = at + detail::round_up(size, std::min(align, page));
            BOOST_TEST(!is_off_limits(guard - 1));
            BOOST_TEST(is_off_limits(guard));
            BOOST_TEST(is_off_limits(guard + page - 1));
            BOOST_TEST(!is_off_limits(guard - bytes));
            BOOST_TEST(is_off_limits(guard - bytes - 1));
            BOOST_TEST(is_off_limits(guard - bytes - page));
            tight::deallocate(at, {size, align});
            BOOST_TEST(!any_mapped(guard - bytes - page, bytes + 2 * page));
        }
    }
    for (std::size_t size = 1; size < 3 * page; size += 97) {
        for (std::size_t align = 1; align <= 4 * page; align *= 2) {
            tight::deallocate(tight::allocate({size, align}), {size, align});
        }
    }
    const std::size_t after = mapped();
    BOOST_TEST(after <= before + mib); // the heap may grow
}

BOOST_AUTO_TEST_CASE(faults_on_the_first_byte_beyond_a_tight_block) {
    for (const layout want : {layout{1, 1}, layout{100, 1}, layout{100, 4}, layout{4'096, 4'096},
                              layout{5'000, 8}, layout{5'001, 1}, layout{100'000, 32}}) {
        auto* const at = static_cast<unsigned char*>(tight::allocate(want));
        BOOST_TEST(!is_off_limits(at + want.size - 1));
        BOOST_TEST(is_off_limits(at + want.size));
        tight::deallocate(at, want);
    }
}

BOOST_AUTO_TEST_CASE(guards_the_large_blocks_of_a_composition) {
    using heap = segregate<tier<layout{64 * 1024, 4'096}, pool16<>>, tight>;
    heap all;
    std::vector<int, allocator<int, ref<heap>>> large(100'000, ref{all});
    std::vector<int, allocator<int, ref<heap>>> small(100, ref{all});
    BOOST_TEST(is_off_limits(reinterpret_cast<unsigned char*>(large.data() + large.size())));
    BOOST_TEST(!is_off_limits(reinterpret_cast<unsigned char*>(large.data())));
    BOOST_TEST(!is_off_limits(reinterpret_cast<unsigned char*>(small.data())));
    const std::size_t page = tight::page_size();
    const unsigned char* const block = reinterpret_cast<unsigned char*>(large.data());
    const unsigned char* const first = block - detail::address(block) % page;
    BOOST_TEST(any_mapped(first - page, page));
    large = decltype(large)(ref{all});
    BOOST_TEST(!any_mapped(first - page, 2 * page));
}

BOOST_AUTO_TEST_CASE(prefaults_every_page_for_writing) {
    constexpr std::size_t bytes = 8 * mib;
    const std::size_t page = pages<>::page_size();
    auto* const at = static_cast<unsigned char*>(prefaulted::allocate({bytes, 2 * mib}));
    BOOST_TEST(resident(at, bytes) == bytes);
    BOOST_TEST(all_zero(at, bytes));
    const long before = faults();
    for (std::size_t offset = 0; offset < bytes; offset += page) { at[offset] = 1; }
    const long during = faults() - before;
    BOOST_TEST(during < static_cast<long>(bytes / page / 16)); // of this loop, none
    BOOST_TEST(prefaulted::resize(at, {bytes, 2 * mib}, mib));
    BOOST_TEST(prefaulted::resize(at, {mib, 2 * mib}, bytes));
    BOOST_TEST(resident(at, bytes) == bytes);
    BOOST_TEST(all_zero(at + mib, bytes - mib));
    prefaulted::deallocate(at, {bytes, 2 * mib});
    BOOST_TEST(!any_mapped(at, bytes));
}

BOOST_AUTO_TEST_CASE(locks_what_is_never_to_be_swapped_out) {
    const std::size_t page = pages<>::page_size();
    const std::size_t bytes = 4 * page;
    const std::size_t before = locked_bytes();
    const bool may = may_lock(bytes);
    BOOST_TEST(locked_bytes() == before);
    if (!may) { return; }
    void* const at = locked_down::allocate({bytes, 16 * page});
    BOOST_TEST(locked_bytes() - before == bytes);
    BOOST_TEST(resident(at, bytes) == bytes);
    BOOST_TEST(locked_down::resize(at, {bytes, 16 * page}, page));
    BOOST_TEST(locked_bytes() - before == page);
    BOOST_TEST(locked_down::resize(at, {page, 16 * page}, 2 * page));
    BOOST_TEST(locked_bytes() - before == 2 * page);
    BOOST_TEST(resident(at, 2 * page) == 2 * page);
    locked_down::deallocate(at, {2 * page, 16 * page});
    auto* const fenced = static_cast<unsigned char*>(all_at_once::allocate({bytes - 100, 4}));
    BOOST_TEST(locked_bytes() - before == bytes); // and no guard
    BOOST_TEST(resident(fenced - 100, bytes) == bytes);
    BOOST_TEST(is_off_limits(fenced + bytes - 100));
    all_at_once::deallocate(fenced, {bytes - 100, 4});
    BOOST_TEST(locked_bytes() == before);
}

BOOST_AUTO_TEST_CASE(answers_null_where_the_limit_of_locked_memory_ends_and_maps_nothing) {
    const std::size_t page = pages<>::page_size();
    BOOST_TEST(with_lock_limit(8 * page, [page] {
                   const std::size_t before = mapped();
                   if (locked_down::allocate({9 * page, 1}) != nullptr) { return 1; }
                   if (all_at_once::allocate({9 * page, 64 * page}) != nullptr) { return 2; }
                   if (mapped() != before || locked_bytes() != 0) { return 3; }
                   void* const at = locked_down::allocate({8 * page, 64 * page});
                   if (at == nullptr || locked_bytes() != 8 * page) { return 4; }
                   static_cast<void>(locked_down::resize(at, {8 * page, 64 * page}, 6 * page));
                   if (locked_down::allocate({3 * page, 1}) != nullptr) { return 5; }
                   if (locked_down::resize(at, {6 * page, 64 * page}, 10 * page)) { return 6; }
                   if (mapped() != before + 6 * page || locked_bytes() != 6 * page) { return 7; }
                   if (!locked_down::resize(at, {6 * page, 64 * page}, 8 * page)) { return 8; }
                   locked_down::deallocate(at, {8 * page, 64 * page});
                   return mapped() == before && locked_bytes() == 0 ? 0 : 9;
               }) == 0);
    BOOST_TEST(with_lock_limit(0, [page] {
                   const std::size_t before = mapped();
                   const bool none = locked_down::allocate({page, 1}) == nullptr &&
                                     all_at_once::allocate({1, 1}) == nullptr;
                   return none && mapped() == before && locked_bytes() == 0 ? 0 : 1;
               }) == 0);
}

BOOST_AUTO_TEST_CASE(grows_a_locked_block_as_a_whole_or_not_at_all) {
    const std::size_t page = pages<>::page_size();
    const layout want{4 * page, 16 * page};
    refuses_to_lock = true; // as when there is address space, but no memory
    BOOST_TEST(locked_down::allocate(want) == nullptr);
    refuses_to_lock = false;
    if (!may_lock(want.size)) { return; }
    auto* const at = static_cast<unsigned char*>(locked_down::allocate(want));
    BOOST_TEST(locked_down::resize(at, want, 2 * page));
    refuses_to_lock = true;
    BOOST_TEST(!locked_down::resize(at, {2 * page, want.align}, 4 * page));
    refuses_to_lock = false;
    BOOST_TEST(!any_mapped(at + 2 * page, 2 * page));
    BOOST_TEST(locked_down::resize(at, {2 * page, want.align}, 4 * page));
    locked_down::deallocate(at, want);
}

BOOST_AUTO_TEST_CASE(puts_a_released_block_off_limits) {
    const std::size_t page = pages<>::page_size();
    auto* const at = static_cast<unsigned char*>(pages<>::allocate({4 * page, 1}));
    pages<>::deallocate(at, {4 * page, 1});
    BOOST_TEST(is_off_limits(at));
    BOOST_TEST(is_off_limits(at + 4 * page - 1));
}

BOOST_AUTO_TEST_CASE(resizes_in_place_and_keeps_what_stays) {
    const std::size_t page = pages<>::page_size();
    // Addresses with room behind them: the end of a block that shrank.
    auto* const at = static_cast<unsigned char*>(pages<>::allocate({8 * page, 64 * page}));
    std::memset(at, 7, 2 * page);
    BOOST_TEST(pages<>::resize(at, {8 * page, 64 * page}, page + 1));
    BOOST_TEST(!any_mapped(at + 2 * page, 6 * page));
    BOOST_TEST(pages<>::resize(at, {page + 1, 64 * page}, 2 * page)); // nothing to do
    BOOST_TEST(any_mapped(at + page, page));
    BOOST_TEST(pages<>::resize(at, {2 * page, 64 * page}, 1));
    BOOST_TEST(!any_mapped(at + page, page));
    BOOST_TEST(pages<>::resize(at, {1, 64 * page}, 5 * page));
    BOOST_TEST(!any_mapped(at + 5 * page, page));
    BOOST_TEST(std::count(at, at + page, 7) == static_cast<std::ptrdiff_t>(page));
    BOOST_TEST(all_zero(at + page, 4 * page));
    pages<>::deallocate(at, {5 * page, 64 * page});
    BOOST_TEST(!any_mapped(at, 8 * page));
}

BOOST_AUTO_TEST_CASE(does_not_resize_into_what_is_in_use_or_beyond_all_bounds) {
    const std::size_t page = pages<>::page_size();
    auto* const whole = static_cast<unsigned char*>(pages<>::allocate({4 * page, 1}));
    std::memset(whole, 7, 4 * page);
    BOOST_TEST(!pages<>::resize(whole, {2 * page, 1}, 3 * page));
    for (const std::size_t size : {pages<>::max_size, pages<>::max_size + 1, any_size, SIZE_MAX}) {
        BOOST_TEST(!pages<>::resize(whole, {4 * page, 1}, size));
    }
    BOOST_TEST(std::count(whole, whole + 4 * page, 7) == static_cast<std::ptrdiff_t>(4 * page));
    pages<>::deallocate(whole, {4 * page, 1});
}

BOOST_AUTO_TEST_CASE(discards_memory_and_keeps_the_addresses) {
    const std::size_t page = pages<>::page_size();
    auto* const at = static_cast<unsigned char*>(pages<>::allocate({8 * page, 1}));
    std::memset(at, 7, 8 * page);
    BOOST_TEST(pages<>::discard(at + 2 * page, 3 * page) == 3 * page);
    BOOST_TEST(resident(at, 8 * page) == 5 * page);
    BOOST_TEST(all_zero(at + 2 * page, 3 * page));
    BOOST_TEST(std::count(at, at + 8 * page, 7) == static_cast<std::ptrdiff_t>(5 * page));
    std::memset(at + 2 * page, 8, 3 * page); // and they serve again
    for (const auto& [from, bytes, gone] :
         std::initializer_list<std::array<std::size_t, 3>>{{0, page - 1, 0},
                                                           {1, page / 2, 0},
                                                           {1, 2 * page - 2, 0},
                                                           {1, 2 * page - 1, page},
                                                           {page - 1, 2 * page, page},
                                                           {page, 2 * page - 1, page},
                                                           {5 * page, 0, 0}}) { // whole pages alone
        std::memset(at, 7, 8 * page);
        BOOST_TEST(pages<>::discard(at + from, bytes) == gone);
        BOOST_TEST(std::count(at, at + 8 * page, 7) ==
                   static_cast<std::ptrdiff_t>(8 * page - gone));
        BOOST_TEST(all_zero(at + page, gone));
    }
    BOOST_TEST(pages<>::discard(nullptr, page) == 0); // nothing is mapped there
    pages<>::deallocate(at, {8 * page, 1});
}

BOOST_AUTO_TEST_CASE(reserves_far_more_than_there_is_memory) {
    constexpr std::size_t range = 64 * 1024 * mib;
    auto* const at = static_cast<unsigned char*>(reserved::allocate({range, 2 * mib}));
    if (number_in("/proc/sys/vm/overcommit_memory") == 2) {
        std::puts("this system never promises more memory than it has");
        BOOST_TEST(at == nullptr);
        return;
    }
    BOOST_TEST_REQUIRE(at != nullptr);
    BOOST_TEST(detail::is_aligned(at, 2 * mib));
    for (std::size_t offset = 0; offset < range; offset += range / 16) { at[offset] = 1; }
    at[range - 1] = 1;
    BOOST_TEST(reserved::discard(at, range) == range);
    BOOST_TEST((at[0] == 0 && at[range - 1] == 0));
    reserved::deallocate(at, {range, 2 * mib});
    // Not is_off_limits(): a sanitizer that serves the fork may take these addresses itself.
    BOOST_TEST(!any_mapped(at, 1));
    BOOST_TEST(!any_mapped(at + range - pages<>::page_size(), 1));
}

BOOST_AUTO_TEST_CASE(says_which_mappings_may_be_huge) {
    // The flags of the mapping that holds a block, as the kernel lists them: hg is MADV_HUGEPAGE.
    const auto flags_of = [](const void* block) {
        std::FILE* const maps = std::fopen("/proc/self/smaps", "r");
        std::array<char, 512> line{};
        std::string flags;
        bool inside = false;
        while (maps != nullptr && std::fgets(line.data(), line.size(), maps) != nullptr) {
            std::size_t from = 0;
            std::size_t to = 0;
            if (std::sscanf(line.data(), "%zx-%zx", &from, &to) == 2) { // NOLINT(cert-err34-c)
                inside = from <= detail::address(block) && detail::address(block) < to;
            } else if (inside && std::strncmp(line.data(), "VmFlags:", 8) == 0) {
                flags = line.data();
            }
        }
        if (maps != nullptr) { std::fclose(maps); }
        return flags;
    };
    void* const plain = pages<>::allocate({4 * mib, 1});
    void* const large = advised::allocate({4 * mib, 2 * mib});
    void* const lazy = reserved::allocate({4 * mib, 1});
    BOOST_TEST(flags_of(plain).find(" hg") == std::string::npos);
    if (::access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK) == 0) {
        BOOST_TEST(flags_of(large).find(" hg") != std::string::npos);
    } else {
        std::puts("this kernel has no transparent huge pages; the advice is without effect");
    }
    BOOST_TEST(flags_of(plain).find(" nr") == std::string::npos);
    BOOST_TEST(flags_of(lazy).find(" nr") != std::string::npos);
    pages<>::deallocate(plain, {4 * mib, 1});
    advised::deallocate(large, {4 * mib, 2 * mib});
    reserved::deallocate(lazy, {4 * mib, 1});
}

BOOST_AUTO_TEST_CASE(takes_required_huge_pages_from_the_reserved_pool_or_answers_null) {
    const char* const pool = "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages";
    const std::size_t free = number_in(pool);
    std::printf("free huge pages of 2 MiB: %zu\n", free);
    const std::size_t before = mapped();
    auto* const at = static_cast<unsigned char*>(required::allocate({1, 1}));
    auto* const fenced = static_cast<unsigned char*>(required_guarded::allocate({1, 1}));
    const std::size_t after = mapped();
    if (free == 0) {
        BOOST_TEST(at == nullptr);
        BOOST_TEST(fenced == nullptr);
        BOOST_TEST(after == before);
        return;
    }
    BOOST_TEST_REQUIRE(at != nullptr);
    BOOST_TEST(detail::is_aligned(at, 2 * mib));
    at[2 * mib - 1] = 1;
    required::deallocate(at, {1, 1});
    BOOST_TEST(is_off_limits(at));
    if (fenced != nullptr) {
        BOOST_TEST(is_off_limits(fenced - 1));
        BOOST_TEST(is_off_limits(fenced + 2 * mib));
        required_guarded::deallocate(fenced, {1, 1});
    }
}

BOOST_AUTO_TEST_CASE(serves_as_an_upstream_that_gives_its_chunks_back) {
    const std::size_t page = pages<>::page_size();
    std::size_t held = 0;
    std::size_t before = 0;
    std::size_t during = 0;
    for (int round = 0; round < 2; ++round) { // after the first, the process has what it needs
        before = mapped();
        bump<bump_options{.first = 100, .largest = 100}, guarded> arena;
        for (int i = 0; i < 100; ++i) { static_cast<void>(arena.allocate({page / 2 + 1, 8})); }
        held = arena.held();
        during = mapped();
    }
    const std::size_t after = mapped();
    BOOST_TEST(held == 100 * page);
    BOOST_TEST(during == before + 300 * page); // each between two guards
    BOOST_TEST(after == before);
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
namespace {

/// Leaves the only pointers to `count` heap blocks at the end of the block at `at`.
[[gnu::noinline]] void hide_pointers(void* at, std::size_t bytes, std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) {
        static_cast<int**>(at)[bytes / sizeof(int*) - i] = new int; // NOLINT(*-owning-memory)
    }
}

/// Deletes them.
void reveal_pointers(void* at, std::size_t bytes, std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) {
        delete static_cast<int**>(at)[bytes / sizeof(int*) - i]; // NOLINT(*-owning-memory)
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(shows_leak_sanitizer_the_pointers_in_its_blocks) {
    const std::size_t page = pages<>::page_size();
    void* const at = pages<>::allocate({page, 16 * page});
    const bool grown = pages<>::resize(at, {page, 16 * page}, 4 * page);
    const std::size_t bytes = grown ? 4 * page : page;
    hide_pointers(at, bytes, 50); // so many that a stale register cannot show them all
    BOOST_TEST(__lsan_do_recoverable_leak_check() == 0);
    reveal_pointers(at, bytes, 50);
    pages<>::deallocate(at, {bytes, 16 * page});
}
#endif
