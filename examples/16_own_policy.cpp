// SPDX-License-Identifier: BSL-1.0
// A policy of your own: two functions and a constant. What else it can do, or promises, it says by
// members with the names of `core/ability.hpp` and `core/fact.hpp`.
// EXPECT: conforms
// EXPECT: the list has its nodes from the pool, and the pool from us
#include <alloy/adapt/allocator.hpp>
#include <alloy/check/conforms.hpp>
#include <alloy/policy/pool16.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <list>

namespace {

/// Memory of the C library, and how much of it is out.
struct c_library {
    static constexpr std::size_t max_align = 4096;
    static constexpr std::size_t most = std::size_t{1} << 30U; // else a rounded size might wrap
    static inline std::size_t out = 0;

    static void* allocate(alloy::layout want) noexcept {
        if (want.align > max_align || want.size > most) { return nullptr; }
        const std::size_t whole = (want.size + want.align - 1) / want.align * want.align;
        void* const at = std::aligned_alloc(want.align, whole);
        if (at != nullptr) { out += want.size; }
        return at;
    }

    static void deallocate(void* at, alloy::layout given) noexcept {
        out -= given.size;
        std::free(at);
    }
};
static_assert(alloy::policy<c_library>);

using pool = alloy::pool16<c_library>; // goes wherever a policy goes

} // namespace

int main() {
    c_library mine;
    const alloy::report found = alloy::check_conformance(mine);
    std::puts(found.ok() ? "conforms" : found.text().c_str());

    pool nodes;
    using allocator = alloy::allocator<int, alloy::ref<pool>>;
    std::list<int, allocator> list(1000, 42, allocator{nodes});
    if (c_library::out >= 1000 * sizeof(int)) {
        std::puts("the list has its nodes from the pool, and the pool from us");
    }
}
