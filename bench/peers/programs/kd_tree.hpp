// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A program that looks for the nearest of many points.

#include "peers/blocks.hpp"
#include "peers/outcome.hpp"
#include "peers/random.hpp"
#include "peers/team.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace alloy::bench {

using point = std::array<double, 3>;

/// Points in space; each splits its part of it in two, along one axis after the other.
/// @source J. L. Bentley, "Multidimensional binary search trees used for associative searching",
///         Communications of the ACM 18(9), 1975.
template <class Allocator>
class kd_tree {
    struct node {
        point at;
        std::array<node*, 2> parts;
    };
    using nodes = rebound<Allocator, node>;
    using traits = std::allocator_traits<nodes>;

public:
    explicit kd_tree(const Allocator& allocator) : nodes_(allocator) {}
    kd_tree(const kd_tree&) = delete;
    kd_tree& operator=(const kd_tree&) = delete;
    ~kd_tree() { release(root_); }

    void insert(const point& at) {
        node** link = &root_;
        for (std::size_t axis = 0; *link != nullptr; axis = after(axis)) {
            link = &(*link)->parts[part_of(at, **link, axis)];
        }
        *link = traits::allocate(nodes_, 1);
        traits::construct(nodes_, *link, node{at, {}});
    }

    /// The square of the distance from the nearest point.
    [[nodiscard]] double nearest(const point& from) const {
        double best = std::numeric_limits<double>::max();
        search(root_, from, 0, best);
        return best;
    }

private:
    static std::size_t after(std::size_t axis) { return (axis + 1) % 3; }

    static std::size_t part_of(const point& at, const node& of, std::size_t axis) {
        return at[axis] < of.at[axis] ? 0 : 1;
    }

    static void search(const node* in, const point& from, std::size_t axis, double& best) {
        if (in == nullptr) { return; }
        double distance = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            distance += (in->at[i] - from[i]) * (in->at[i] - from[i]);
        }
        best = std::min(best, distance);
        const std::size_t near = part_of(from, *in, axis);
        const double border = in->at[axis] - from[axis];
        search(in->parts[near], from, after(axis), best);
        if (border * border < best) { search(in->parts[1 - near], from, after(axis), best); }
    }

    void release(node* gone) noexcept {
        if (gone == nullptr) { return; }
        for (node* each : gone->parts) { release(each); }
        traits::destroy(nodes_, gone);
        traits::deallocate(nodes_, gone, 1);
    }

    [[no_unique_address]] nodes nodes_;
    node* root_ = nullptr;
};

/// A tree of 16 Ki points is built, searched from as many places and released, again and again:
/// what an operation costs is a point's part of it.
template <class Allocator>
outcome kd_tree_of(const Allocator& allocator, const task& asked) {
    constexpr std::size_t live = 16'384;
    const std::uint64_t turns = 1 + asked.share(100'000) / live;
    random_numbers random(0);
    const auto anywhere = [&] {
        point at;
        for (double& each : at) { each = static_cast<double>(random.below(1'000'000)); }
        return at;
    };
    std::vector<point> points(live);
    std::ranges::generate(points, anywhere);
    std::vector<point> questions(live);
    std::ranges::generate(questions, anywhere);
    word sum = 0;
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t turn = 0; turn < turns; ++turn) {
            kd_tree<Allocator> tree(allocator);
            for (const point& each : points) { tree.insert(each); }
            for (const point& each : questions) { sum += static_cast<word>(tree.nearest(each)); }
        }
    });
    return {alone.nanoseconds_each(turns * live), sum};
}

} // namespace alloy::bench
