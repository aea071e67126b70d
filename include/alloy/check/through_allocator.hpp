// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::through_allocator`: a standard allocator as a policy, so that what asks
/// policies can ask allocators too.

#include <alloy/check/report.hpp>
#include <alloy/core/policy.hpp>

#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// How a call ended.
enum class ending : unsigned char { value, bad_alloc, bad_array_new_length, something_else };

template <class Call>
ending ending_of(Call call) {
#if defined(__cpp_exceptions)
    try {
        call();
        return ending::value;
    } catch (const std::bad_array_new_length&) {
        return ending::bad_array_new_length;
    } catch (const std::bad_alloc&) { return ending::bad_alloc; } catch (...) {
        return ending::something_else;
    }
#else
    call();
    return ending::value;
#endif
}

template <class A, class U>
using rebound = typename std::allocator_traits<A>::template rebind_alloc<U>;

/// An allocator as a policy. Each alignment is a type of its own, and each call goes through a
/// rebind made for it alone, so that blocks are always released by another copy.
template <class A, layout Largest>
class through_allocator {
    template <std::size_t Align>
    struct alignas(Align) cell {
        unsigned char bytes[Align]; // NOLINT(*-avoid-c-arrays)
    };

public:
    static constexpr std::size_t max_align = Largest.align;

    through_allocator(const A& a, report& found) : a_(a), found_(found) {}

    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept {
        return want.size > any_size ? want.size : round_up(want.size, want.align);
    }

    [[nodiscard]] void* allocate(layout want) noexcept {
        void* at = nullptr;
        with_cell(want, [&](auto alloc, std::size_t n) {
            const ending end = ending_of([&] { at = std::to_address(alloc.allocate(n)); });
            found_.expect(end != ending::value || at != nullptr, "exhaustion", "allocate(", n,
                          ") returned null; it must throw std::bad_alloc");
            found_.expect(end != ending::something_else, "exhaustion", "allocate(", n,
                          ") threw something that is no std::bad_alloc");
        });
        return at;
    }

    void deallocate(void* at, layout given) noexcept {
        with_cell(given, [&]<class Alloc>(Alloc alloc, std::size_t n) {
            using traits = std::allocator_traits<Alloc>;
            using pointer = typename traits::pointer;
            auto* const first = static_cast<typename traits::value_type*>(at);
            if constexpr (std::is_pointer_v<pointer>) {
                alloc.deallocate(first, n); // a reference would have to be aligned
            } else {
                alloc.deallocate(std::pointer_traits<pointer>::pointer_to(*first), n);
            }
        });
    }

private:
    template <class Call>
    void with_cell(layout want, Call call) {
        constexpr auto aligns = static_cast<std::size_t>(std::bit_width(Largest.align));
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            static_cast<void>((
                (want.align == std::size_t{1} << I &&
                 (call(rebound<A, cell<(std::size_t{1} << I)>>(a_), good_size(want) >> I), true)) ||
                ...));
        }(std::make_index_sequence<aligns>{});
    }

    const A& a_;
    report& found_;
};

} // namespace alloy::inline ALLOY_ABI::detail
