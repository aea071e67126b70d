// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The ways by which a program reaches a checked policy: itself, an allocator, a resource,
/// an owner, a class's operator new. All take and give blocks by layout.

#include <alloy/alloy.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>

namespace alloy::test {

using guarded = checked<pool16<>>;

struct alignas(16) quad {
    std::byte bytes[16]; // NOLINT(*-avoid-c-arrays)
};

/// Calls `call.operator()<T>()` for an object type of that alignment, whose size is the same.
template <class Call>
void with_type(std::size_t align, Call call) {
    switch (align) {
    case 1:
        return call.template operator()<std::uint8_t>();
    case 2:
        return call.template operator()<std::uint16_t>();
    case 4:
        return call.template operator()<std::uint32_t>();
    case 8:
        return call.template operator()<std::uint64_t>();
    default:
        return call.template operator()<quad>();
    }
}

/// What can be said through an adapter that speaks of objects.
constexpr bool is_row(layout of) { return of.align <= 16 && of.size % of.align == 0; }

/// The ways to a checked policy. One can say a layout if a program could write it.
template <policy Strategy>
struct by_policy {
    static constexpr std::string_view name = type_name<Strategy>;
    static constexpr bool ends = true;
    static bool can(layout /*asked*/, layout /*given*/) { return true; }
    void* take(layout want) { return policy.allocate(want); }
    void give(void* at, layout given) { policy.deallocate(at, given); }
    void trim() { policy.trim(); }
    checked<Strategy> policy;
};

struct by_allocator {
    static constexpr std::string_view name = "allocator";
    static constexpr bool ends = true;
    static bool can(layout asked, layout given) { return is_row(asked) && is_row(given); }
    void* take(layout want) {
        void* at = nullptr;
        with_type(want.align, [&]<class T>() {
            at = allocator<T, ref<guarded>>(policy).allocate(want.size / sizeof(T));
        });
        return at;
    }
    void give(void* at, layout given) {
        with_type(given.align, [&]<class T>() {
            allocator<T, ref<guarded>>(policy).deallocate(static_cast<T*>(at),
                                                          given.size / sizeof(T));
        });
    }
    void trim() { policy.trim(); }
    guarded policy;
};

struct by_resource {
    static constexpr std::string_view name = "resource";
    static constexpr bool ends = true;
    static bool can(layout /*asked*/, layout /*given*/) { return true; }
    void* take(layout want) { return memory.allocate(want.size, want.align); }
    void give(void* at, layout given) { memory.deallocate(at, given.size, given.align); }
    void trim() { memory.instance().trim(); }
    resource<guarded> memory;
};

struct by_owner {
    static constexpr std::string_view name = "owner";
    static constexpr bool ends = true;
    static bool can(layout asked, layout given) { return is_row(asked) && is_row(given); }
    void* take(layout want) {
        void* at = nullptr;
        with_type(want.align, [&]<class T>() {
            at = alloy::make_unique<T[]>(ref(policy), want.size / sizeof(T)).release();
        });
        return at;
    }
    void give(void* at, layout given) {
        with_type(given.align, [&]<class T>() {
            using ends_it = deleter<T[], ref<guarded>>;
            const std::unique_ptr<T[], ends_it> last(static_cast<T*>(at),
                                                     ends_it(policy, given.size / sizeof(T)));
        });
    }
    void trim() { policy.trim(); }
    guarded policy;
};

struct by_class {
    struct item : pooled<item, locked<guarded>> {};

    static constexpr std::string_view name = "operator new";
    static constexpr bool ends = false; // the policy is global
    static constexpr std::size_t usual = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
    static bool can(layout asked, layout given) {
        return asked.align == usual && asked.size != 0 &&
               (given.align == usual || given.size == asked.size); // that delete takes no size
    }
    static void* take(layout want) { return item::operator new(want.size); }
    static void give(void* at, layout given) {
        if (given.align == usual) { return item::operator delete(at, given.size); }
        item::operator delete(at, std::align_val_t{given.align});
    }
    static void trim() { global<locked<guarded>>{}.trim(); }
};

} // namespace alloy::test
