// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::release_all: an element's destructor would be missed
#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/release_all.hpp>
#include <alloy/policy/bump.hpp>

#include <list>
#include <string>

template <class T>
using in_arena = alloy::allocator<T, alloy::ref<alloy::bump<>>>;

#if defined(ALLOY_COMPILE_OK)
using text = std::basic_string<char, std::char_traits<char>, in_arena<char>>;
#else
using text = std::string; // its memory would leak
#endif

void drop(alloy::bump<>& arena, alloy::bulk<std::list<text, in_arena<text>>>& lines) {
    alloy::release_all(arena, lines);
}
