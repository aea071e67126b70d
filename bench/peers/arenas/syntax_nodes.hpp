// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What a syntax tree is made of: nodes of 40 to 88 bytes, where pointers have 8.

#include "peers/blocks.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <variant>

namespace alloy::bench::syntax {

struct number;
struct variable;
struct negation;
struct operation;
struct choice;
struct extreme;

using expression = std::variant<number*, variable*, negation*, operation*, choice*, extreme*>;

/// What a message about it would show.
struct node {
    std::string_view spelling;
    std::string_view line;
};

/// Each node tells its parts, which are its own.
struct number : node {
    word value;
    [[nodiscard]] std::array<expression, 0> parts() const { return {}; }
};

struct variable : node {
    std::size_t slot;
    [[nodiscard]] std::array<expression, 0> parts() const { return {}; }
};

struct negation : node {
    expression of;
    [[nodiscard]] std::array<expression, 1> parts() const { return {of}; }
};

struct operation : node {
    char sign; ///< '+' or '*'.
    expression left;
    expression right;
    [[nodiscard]] std::array<expression, 2> parts() const { return {left, right}; }
};

struct choice : node {
    expression condition;
    expression yes;
    expression no;
    [[nodiscard]] std::array<expression, 3> parts() const { return {condition, yes, no}; }
};

struct extreme : node {
    bool largest;
    std::array<expression, 3> of;
    [[nodiscard]] std::array<expression, 3> parts() const { return of; }
};

struct assignment : node {
    std::size_t slot;
    expression value;
    assignment* next;
    [[nodiscard]] std::array<expression, 1> parts() const { return {value}; }
};

/// The variables of a program.
using variables = std::array<word, 64>;

/// Evaluates expressions.
class evaluation {
public:
    explicit evaluation(const variables& in) : in_(in) {}

    [[nodiscard]] word of(const expression& each) const { return std::visit(*this, each); }

    word operator()(const number* at) const { return at->value; }
    word operator()(const variable* at) const { return in_[at->slot]; }
    word operator()(const negation* at) const { return 0 - of(at->of); }
    word operator()(const operation* at) const {
        const word left = of(at->left);
        const word right = of(at->right);
        return at->sign == '+' ? left + right : left * right;
    }
    word operator()(const choice* at) const {
        return of(at->condition) != 0 ? of(at->yes) : of(at->no);
    }
    word operator()(const extreme* at) const {
        word found = of(at->of.front());
        for (std::size_t i = 1; i < at->of.size(); ++i) {
            const word other = of(at->of[i]);
            if ((other > found) == at->largest) { found = other; }
        }
        return found;
    }

private:
    const variables& in_;
};

} // namespace alloy::bench::syntax
