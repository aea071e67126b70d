// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A program that reads programs.

#include "program_text.hpp"
#include "room.hpp"
#include "syntax_nodes.hpp"
#include "syntax_parser.hpp"

#include "peers/blocks.hpp"
#include "peers/outcome.hpp"
#include "peers/team.hpp"

#include <cstdint>
#include <memory>
#include <variant>

namespace alloy::bench {

/// A list of assignments, and below each the tree of its value; every node is allocated alone.
template <class Allocator>
class syntax_tree {
public:
    explicit syntax_tree(const Allocator& allocator) : allocator_(allocator) {}
    syntax_tree(const syntax_tree&) = delete;
    syntax_tree& operator=(const syntax_tree&) = delete;
    ~syntax_tree() {
        while (first_ != nullptr) {
            syntax::assignment* const gone = first_;
            first_ = gone->next;
            release(gone);
        }
    }

    template <class Node>
    [[nodiscard]] Node* make(const Node& node) {
        rebound<Allocator, Node> from(allocator_);
        Node* const made = std::allocator_traits<decltype(from)>::allocate(from, 1);
        std::allocator_traits<decltype(from)>::construct(from, made, node);
        ++size_;
        return made;
    }

    void append(const syntax::assignment& last) {
        *end_ = make(last);
        end_ = &(*end_)->next;
    }

    void run(syntax::variables& in) const {
        const syntax::evaluation value(in);
        for (const auto* each = first_; each != nullptr; each = each->next) {
            in[each->slot] = value.of(each->value);
        }
    }

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

private:
    template <class Node>
    void release(Node* gone) {
        for (const syntax::expression& each : gone->parts()) {
            std::visit([&](auto* part) { release(part); }, each);
        }
        rebound<Allocator, Node> from(allocator_);
        std::allocator_traits<decltype(from)>::destroy(from, gone);
        std::allocator_traits<decltype(from)>::deallocate(from, gone, 1);
    }

    Allocator allocator_;
    syntax::assignment* first_ = nullptr;
    syntax::assignment** end_ = &first_;
    std::uint64_t size_ = 0;
};

/// A text is parsed into a tree, which is run four times and freed as the kit does it, again and
/// again: what an operation costs is a node's part of it.
template <class Kit>
outcome syntax_tree_of(Kit& home, const task& asked) {
    using tree = syntax_tree<typename Kit::allocator_type>;
    const program_text sample(2'000);
    const std::uint64_t turns = 1 + asked.share(30);
    std::uint64_t nodes = 0;
    syntax::variables variables{};
    team alone(1);
    alone.timed(0, [&] {
        for (std::uint64_t turn = 0; turn < turns; ++turn) {
            room<tree> of;
            tree& program = *std::construct_at(&of.object, home.allocator());
            syntax::parser(sample.text(), program).parse();
            for (int run = 0; run < 4; ++run) { program.run(variables); }
            nodes += program.size();
            home.free(program);
        }
    });
    word sum = nodes;
    for (const word each : variables) { sum = sum * 31 + each; }
    return {alone.nanoseconds_each(nodes), sum};
}

} // namespace alloy::bench
