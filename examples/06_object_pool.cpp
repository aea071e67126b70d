// SPDX-License-Identifier: BSL-1.0
// Objects that refer to each other by keys: whoever dies leaves no dangling pointer behind.
// EXPECT: 3 ships
// EXPECT: rogue fires at falcon
// EXPECT: rogue has lost its target
// EXPECT: phantom took falcon's place, and is not mistaken for it
// EXPECT: left: phantom rogue
#include <alloy/adapt/object_pool.hpp>

#include <cstdio>

struct ship {
    const char* name;
    alloy::object_key<ship> target{};

    explicit ship(const char* its_name) : name(its_name) {}
};

void fire(const alloy::object_pool<ship>& ships, const ship& from) {
    if (const ship* const target = ships.get(from.target)) {
        std::printf("%s fires at %s\n", from.name, target->name);
    } else {
        std::printf("%s has lost its target\n", from.name);
    }
}

int main() {
    alloy::object_pool<ship> ships;
    ship* const falcon = ships.create("falcon"); // an address that stays
    ship* const rogue = ships.create("rogue");
    ship* const comet = ships.create("comet");
    std::printf("%zu ships\n", ships.size());

    rogue->target = ships.key_of(falcon);
    fire(ships, *rogue);
    ships.destroy(falcon);
    fire(ships, *rogue);

    const ship* const phantom = ships.create("phantom");
    if (phantom == falcon && ships.get(rogue->target) == nullptr) {
        std::puts("phantom took falcon's place, and is not mistaken for it");
    }

    ships.destroy(ships.key_of(comet));
    std::printf("left:");
    for (const ship& each : ships) { std::printf(" %s", each.name); }
    std::puts("");
} // and whoever is left ends with the pool
