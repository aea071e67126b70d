// SPDX-License-Identifier: BSL-1.0
// Objects from a policy with one owner, an owner that knows a base alone, and many owners.
// EXPECT: a unique_ptr as small as a pointer owns 42
// EXPECT: 1 + 2 + 4 = 7 from an array in an arena
// EXPECT: a cat says meow, a dog says woof
// EXPECT: 2 owners of one block: object and counts
#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/owner.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

using pool = alloy::locked<alloy::pool16<>>;

struct animal {
    virtual ~animal() = default;
    virtual const char* says() const = 0;
};
struct cat : animal {
    const char* says() const override { return "meow"; }
};
struct dog : animal {
    const char* says() const override { return "woof"; }
    std::string name = "larger than a cat";
};

int main() {
    const auto answer = alloy::make_unique<int, pool>(42);
    static_assert(sizeof(answer) == sizeof(int*)); // the deleter is an empty class
    std::printf("a unique_ptr as small as a pointer owns %d\n", *answer);

    alloy::bump<> arena;
    const auto bits = alloy::make_unique<int[]>(alloy::ref{arena}, 3);
    for (std::size_t i = 0; i < 3; ++i) { bits[i] = 1 << i; }
    std::printf("%d + %d + %d = %d from an array in an arena\n", bits[0], bits[1], bits[2],
                bits[0] + bits[1] + bits[2]);

    using any_animal = std::unique_ptr<animal, alloy::base_deleter<animal, pool>>;
    std::vector<any_animal> zoo; // each block goes back with its own size
    zoo.push_back(alloy::make_unique<cat, pool>());
    zoo.push_back(alloy::make_unique<dog, pool>());
    std::printf("a cat says %s, a dog says %s\n", zoo[0]->says(), zoo[1]->says());

    const auto shared =
        std::allocate_shared<std::string>(alloy::allocator<std::string, pool>{}, "one string");
    const auto another = shared;
    std::printf("%ld owners of one block: object and counts\n", another.use_count());
}
