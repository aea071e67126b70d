// SPDX-License-Identifier: BSL-1.0
#include "other_flags.hpp"

#if !defined(NDEBUG) || defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this file is about the other flags"
#endif

namespace alloy::test {

decltype(sizes_here()) sizes_there() noexcept { return sizes_here(); }

void change_there(numbers& list, in_arena& other) {
    for (int i = 0; i < 1000; ++i) {
        list.push_back(i);
        other.push_front(i);
    }
    list.remove_if([](int each) { return each % 2 == 0; });
    other.remove_if([](int each) { return each % 2 == 0; });
}

} // namespace alloy::test
