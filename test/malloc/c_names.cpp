// SPDX-License-Identifier: BSL-1.0
// Linked with the library, so that all of this program, Boost.Test too, runs on it.
#include "support/unit_test.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <malloc.h>
#include <unistd.h>

namespace {

// Compilers know these functions too well: they warn of the sizes, and drop what is not used.
void* (*const volatile malloc_)(std::size_t) = malloc;
void* (*const volatile calloc_)(std::size_t, std::size_t) = calloc;
void* (*const volatile realloc_)(void*, std::size_t) = realloc;
void* (*const volatile reallocarray_)(void*, std::size_t, std::size_t) = reallocarray;
void* (*const volatile aligned_alloc_)(std::size_t, std::size_t) = aligned_alloc;
void* (*const volatile memalign_)(std::size_t, std::size_t) = memalign;
int (*const volatile posix_memalign_)(void**, std::size_t, std::size_t) = posix_memalign;
void* (*const volatile valloc_)(std::size_t) = valloc;
void* (*const volatile pvalloc_)(std::size_t) = pvalloc;
void (*const volatile free_)(void*) = free;
std::size_t (*const volatile usable_)(void*) = malloc_usable_size;

constexpr int untouched = 12'345; // what errno was

bool failed(const void* at, int why) {
    const int said = errno;
    errno = untouched;
    return at == nullptr && said == why;
}

bool is_aligned(const void* at, std::size_t align) {
    return reinterpret_cast<std::uintptr_t>(at) % align == 0;
}

bool is_of_the_library(void* function) {
    Dl_info from{};
    return ::dladdr(function, &from) != 0 &&
           std::string(from.dli_fname).find("alloy_malloc") != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(takes_the_place_of_every_function_of_the_family) {
    for (const char* const name :
         {"malloc", "calloc", "realloc", "reallocarray", "free", "aligned_alloc", "memalign",
          "posix_memalign", "valloc", "pvalloc", "malloc_usable_size", "_Znwm", "_ZdlPv",
          "_ZnamSt11align_val_tRKSt9nothrow_t", "_ZdlPvmSt11align_val_t"}) {
        BOOST_TEST(is_of_the_library(::dlsym(RTLD_DEFAULT, name)), name);
    }
    BOOST_TEST(usable_(nullptr) == 0U);
}

BOOST_AUTO_TEST_CASE(serves_every_size_and_clears_what_calloc_gives) {
    errno = untouched;
    for (std::size_t size = 1; size < std::size_t{1} << 26U; size += 1 + size / 3) {
        for (int round = 0; round < 2; ++round) {
            auto* const at = static_cast<unsigned char*>(calloc_(1, size));
            BOOST_TEST_REQUIRE(at != nullptr);
            BOOST_TEST_REQUIRE(is_aligned(at, 16));
            BOOST_TEST_REQUIRE(usable_(at) >= size);
            BOOST_TEST_REQUIRE((at[0] | at[size / 2] | at[size - 1]) == 0);
            at[0] = at[size / 2] = at[size - 1] = 1;
            free_(at);
        }
    }
    BOOST_TEST(errno == untouched);
}

BOOST_AUTO_TEST_CASE(keeps_the_bytes_of_a_block_through_every_size) {
    auto* at = static_cast<unsigned char*>(malloc_(16));
    std::memset(at, 7, 16);
    for (const std::size_t size : {100UL, 200UL, 5'000UL, 900'000UL, 1'048'560UL, 1'048'561UL,
                                   3'000'000UL, 4'000'000UL, 2'000'000UL, 1'000UL, 20UL}) {
        at = static_cast<unsigned char*>(realloc_(at, size));
        BOOST_TEST_REQUIRE(at != nullptr);
        BOOST_TEST((at[0] == 7 && at[15] == 7));
        at[size - 1] = 7;
    }
    free_(at);
}

BOOST_AUTO_TEST_CASE(says_ENOMEM_and_EINVAL_as_the_standards_have_it) {
    errno = untouched;
    void* const block = malloc_(40);
    void* out = &out;
    for (const std::size_t size : {SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX - 15, SIZE_MAX}) {
        BOOST_TEST(failed(malloc_(size), ENOMEM));
        BOOST_TEST(failed(calloc_(1, size), ENOMEM));
        BOOST_TEST(failed(calloc_(size, 3), ENOMEM));
        BOOST_TEST(failed(realloc_(block, size), ENOMEM));
        BOOST_TEST(failed(reallocarray_(block, size, 3), ENOMEM));
        BOOST_TEST(failed(aligned_alloc_(64, size), ENOMEM));
        BOOST_TEST(failed(memalign_(64, size), ENOMEM));
        BOOST_TEST(failed(valloc_(size), ENOMEM));
        BOOST_TEST(failed(pvalloc_(size), ENOMEM));
        BOOST_TEST(posix_memalign_(&out, 64, size) == ENOMEM);
        void* (*const volatile wide_new)(std::size_t, std::align_val_t) = ::operator new;
        BOOST_CHECK_THROW(static_cast<void>(wide_new(size, std::align_val_t{64})), std::bad_alloc);
        errno = untouched; // which operator new may set
    }
    BOOST_TEST(failed(aligned_alloc_(24, 8), EINVAL));
    BOOST_TEST(failed(memalign_(0, 8), EINVAL));
    BOOST_TEST(posix_memalign_(&out, 4, 8) == EINVAL);
    BOOST_TEST(posix_memalign_(&out, 24, 8) == EINVAL);
    BOOST_TEST(out == &out);
    free_(block);
    free_(nullptr);
    BOOST_TEST(errno == untouched);
}

BOOST_AUTO_TEST_CASE(gives_a_block_of_its_own_for_no_bytes) {
    const std::array blocks{malloc_(0), calloc_(0, 0), realloc_(nullptr, 0),
                            realloc_(malloc_(8), 0)};
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        BOOST_TEST(blocks[i] != nullptr);
        for (std::size_t j = 0; j < i; ++j) { BOOST_TEST(blocks[i] != blocks[j]); }
    }
    for (void* const at : blocks) { free_(at); }
}

BOOST_AUTO_TEST_CASE(aligns_as_asked) {
    for (std::size_t align = 1; align <= std::size_t{1} << 24U; align *= 2) {
        for (const std::size_t size : {1UL, 1'000UL, 2'000'000UL}) {
            void* const at = aligned_alloc_(align, size);
            BOOST_TEST(at != nullptr);
            BOOST_TEST(is_aligned(at, align));
            std::memset(at, 1, size);
            free_(at);
        }
    }
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const one = valloc_(10);
    void* const whole = pvalloc_(10);
    BOOST_TEST((is_aligned(one, page) && is_aligned(whole, page)));
    BOOST_TEST(usable_(whole) == page);
    free_(one);
    free_(whole);
}
