// SPDX-License-Identifier: BSL-1.0
// An allocator written by hand, and what the conformance kit thinks of it.
// EXPECT: its type keeps every rule
// EXPECT: 2 laws are broken:
// EXPECT: alignment
// EXPECT: overflow
#include <alloy/check/conforms.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

template <class T>
struct hasty_allocator {
    using value_type = T;

    hasty_allocator() = default;
    template <class U>
    hasty_allocator(const hasty_allocator<U>& /*other*/) noexcept {}

    T* allocate(std::size_t n) { // what if T is over-aligned, n too large, or memory out?
        return static_cast<T*>(std::malloc(n * sizeof(T)));
    }
    void deallocate(T* at, std::size_t /*n*/) noexcept { std::free(at); }

    template <class U>
    friend bool operator==(hasty_allocator /*a*/, hasty_allocator<U> /*b*/) noexcept {
        return true;
    }
};

int main() {
    static_assert(alloy::must_conform<hasty_allocator<int>>()); // or the compiler says why not
    std::puts("its type keeps every rule");

    constexpr alloy::conformance_options options{.largest = {1024, 64}, .huge = false};
    const alloy::report found = alloy::check_conformance<options>(hasty_allocator<int>{});
    std::printf("%zu laws are broken:\n", found.violations().size());
    for (const auto& [law, how] : found.violations()) {
        std::printf("%.*s\n", static_cast<int>(law.size()), law.data());
        std::fprintf(stderr, "%s\n", how.c_str());
    }
}
