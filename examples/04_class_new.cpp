// SPDX-License-Identifier: BSL-1.0
// new and delete from a policy: of a hierarchy, of a class that cannot be changed, and, by a
// destroying delete, of an object whose size no sizeof tells.
// EXPECT: the second circle lies where the first lay
// EXPECT: a point at 3, 4
// EXPECT: a note of 8 + 14 bytes: all in a block
#include <alloy/adapt/pooled.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/pool16.hpp>

#include <cstdio>
#include <cstring>
#include <memory>

using pool = alloy::locked<alloy::pool16<>>;

struct shape : alloy::pooled<shape, pool> { // what derives from it is pooled as well
    virtual ~shape() = default;
};
struct circle : shape {
    double radius = 1;
};

struct point { // somebody else's
    int x, y;
};

class note : alloy::pooled<note, pool> { // followed by its text, in the same block
public:
    static note* make(const char* text) {
        const std::size_t length = std::strlen(text);
        return ::new (operator new(sizeof(note) + length)) note(text, length);
    }
    static void operator delete(note* self, std::destroying_delete_t) {
        const std::size_t size = sizeof(note) + self->length; // while it is alive
        self->~note();
        pooled::operator delete(self, size);
    }
    const char* text() const { return reinterpret_cast<const char*>(this + 1); }
    std::size_t length;

private:
    note(const char* text, std::size_t n) : length(n) { std::memcpy(this + 1, text, n); }
};

int main() {
    shape* const first = new circle;
    delete first; // as many bytes as a circle has, by its virtual destructor
    const std::unique_ptr<shape> second(new circle);
    std::printf("the second circle %s\n",
                second.get() == first ? "lies where the first lay" : "lies elsewhere");

    const auto at = std::make_unique<alloy::pooled_as<point, pool>>(point{3, 4});
    std::printf("a point at %d, %d\n", at->x, at->y);

    const std::unique_ptr<note> memo(note::make("all in a block"));
    std::printf("a note of %zu + %zu bytes: %.*s\n", sizeof(note), memo->length,
                static_cast<int>(memo->length), memo->text());
}
