// SPDX-License-Identifier: BSL-1.0
// A document is dropped with its arena: ten thousand nodes and strings, not one of them visited.
// EXPECT: 10000 words, the first is word-0-of-the-document
// EXPECT: the container is gone, and the arena is free again
// EXPECT: 1 word in the next document
#include <alloy/adapt/release_all.hpp>
#include <alloy/preset.hpp>

#include <cstdio>
#include <functional>
#include <map>
#include <string>

using text = std::basic_string<char, std::char_traits<char>, alloy::arena_allocator<char>>;
using document =
    std::map<int, text, std::less<>, alloy::arena_allocator<std::pair<const int, text>>>;

int main() {
    alloy::bump<> arena;
    alloy::bulk<document> words(arena);
    for (int i = 0; i < 10'000; ++i) {
        words->try_emplace(i, text("word-" + std::to_string(i) + "-of-the-document", arena));
    }
    std::printf("%zu words, the first is %s\n", words->size(), words->at(0).c_str());

    // Compiles because all that a document owns is in such an arena. A std::string would not be.
    alloy::release_all(arena, words);
    if (!words && arena.trim() > 0 && arena.held() == 0) {
        std::puts("the container is gone, and the arena is free again");
    }

    words.emplace(arena).try_emplace(1, text("again", arena));
    std::printf("%zu word in the next document\n", words->size());
} // what was not released is destroyed, as any variable
