// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::container_laws`: what a container does with its allocator, and what the
/// allocator must have promised for that to be right.

#include <alloy/check/through_allocator.hpp>
#include <alloy/check/type_rules.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace alloy::inline ALLOY_ABI::detail {

/// Counts its instances; throws when its fuse has burnt down.
struct fused {
    struct burnt {};
    static inline int alive = 0;
    static inline int fuse = 0;

    explicit fused(int n) : value(n) {
#if defined(__cpp_exceptions)
        if (--fuse == 0) { throw burnt{}; }
#endif
        ++alive;
    }
    fused(const fused& other) : fused(other.value) {}
    fused& operator=(const fused&) = default;
    ~fused() { --alive; }

    int value;
};

/// The laws of one allocator, `a`, in containers of it and of `other`, if that is not null.
template <class A>
class container_laws {
    using traits = std::allocator_traits<A>;
    using elsewhere = rebound<A, stranger>;
    using list = std::list<int, rebound<A, int>>;
    using map = std::map<int, int, std::less<>, rebound<A, std::pair<const int, int>>>;

    /// libstdc++ 12 has no list and no map for an allocator of fancy pointers.
#if defined(_LIBCPP_VERSION)
    static constexpr bool has_nodes = true;
#else
    static constexpr bool has_nodes = std::is_pointer_v<typename traits::pointer>;
#endif

public:
    container_laws(const A& a, const A* other, report& found)
        : a_(a), other_(other), found_(found) {}

    void check() {
        container<std::vector<int, rebound<A, int>>>("vector");
        if constexpr (has_nodes) {
            container<list>("list");
            container<map>("map");
            nodes();
            elements<std::list<fused, rebound<A, fused>>>();
        }
        elements<std::vector<fused, rebound<A, fused>>>();
    }

private:
    template <class C>
    static C filled(int n, const typename C::allocator_type& alloc) {
        C result(alloc);
        for (int i = 0; i < n; ++i) {
            if constexpr (requires { typename C::mapped_type; }) {
                result.emplace_hint(result.end(), i, i);
            } else {
                result.insert(result.end(), i);
            }
        }
        return result;
    }

    /// Copies, moves and swaps of containers, with the same allocator and with another.
    template <class C>
    void container(const char* name) {
        using alloc = typename C::allocator_type;
        const alloc a(a_);
        propagates<C>(name, a, a);
        if (other_ != nullptr) { propagates<C>(name, a, alloc(*other_)); }
        const C copy(static_cast<const C&>(filled<C>(4, a)));
        found_.expect(copy.get_allocator() ==
                              alloc(traits::select_on_container_copy_construction(a_)) &&
                          copy == filled<C>(4, a),
                      "select", "a copied ", name, " has not what it selects");
    }

    template <class C, class Alloc>
    void propagates(const char* name, const Alloc& a, const Alloc& b) {
        using its = std::allocator_traits<Alloc>;
        const auto follows = [&](bool holds, const char* what) {
            found_.expect(holds, "propagation", what, " of a ", name,
                          " leaves it with the wrong allocator or elements");
        };
        C x = filled<C>(9, a);
        C y = filled<C>(3, b);
        y = x;
        follows(y == x && y.get_allocator() ==
                              (its::propagate_on_container_copy_assignment::value ? a : b),
                "copy assignment");
        C z = filled<C>(5, b);
        z = std::move(x);
        follows(z == y && z.get_allocator() ==
                              (its::propagate_on_container_move_assignment::value ? a : b),
                "move assignment");
        x = filled<C>(2, a); // NOLINT(bugprone-use-after-move): it must be sound
        C w = filled<C>(7, b);
        constexpr bool swaps = its::propagate_on_container_swap::value;
        if (found_.expect(swaps || w.get_allocator() == x.get_allocator(), "unequal swap",
                          "a swap of unequal containers is undefined; declare "
                          "propagate_on_container_swap std::true_type, or never swap such")) {
            const Alloc before = x.get_allocator();
            using std::swap;
            swap(x, w);
            follows(x.size() == 7 && w.size() == 2 && (swaps ? w : x).get_allocator() == before,
                    "swap");
        }
        const Alloc kept = w.get_allocator();
        const C moved(std::move(w));
        follows(moved.get_allocator() == kept, "move construction");
    }

    /// Nodes go from one container to another of an equal allocator.
    void nodes() {
        auto here = filled<list>(4, rebound<A, int>(a_));
        {
            auto gone = filled<list>(4, rebound<A, int>(elsewhere(a_)));
            here.splice(here.begin(), gone);
        }
        auto some = filled<map>(4, typename map::allocator_type(a_));
        {
            auto more = filled<map>(8, typename map::allocator_type(elsewhere(a_)));
            // libstdc++ before 14 never ends the allocator of a node that is inserted (PR 114401).
            if constexpr (std::is_trivially_destructible_v<A>) { some.insert(more.extract(5)); }
            some.merge(more);
        }
        here.remove(2);
        found_.expect(here.size() == 6 && some.size() == 8 && some.at(5) == 5, "nodes",
                      "nodes that were spliced, extracted or merged are not what they were");
    }

    /// What begins to live ends, where a constructor throws too.
    template <class C>
    void elements() {
        const int before = fused::alive;
        for (int fuse = 0; fuse < 24; ++fuse) { // the fuse of 0 never burns down
            fused::fuse = fuse;
            static_cast<void>(ending_of([&] {
                C row{rebound<A, fused>(a_)};
                for (int i = 0; i < 5; ++i) {
                    row.emplace_back(i);
                    found_.expect(row.back().value == i, "elements",
                                  "an element is not what was constructed");
                }
            }));
        }
        found_.expect(fused::alive == before, "elements",
                      "elements were constructed more often than destroyed, or less");
    }

    const A& a_;
    const A* other_;
    report& found_;
};

} // namespace alloy::inline ALLOY_ABI::detail
