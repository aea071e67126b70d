// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::syntax::parser`: from a program's text to a tree.

#include "syntax_nodes.hpp"

#include "peers/blocks.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>

namespace alloy::bench::syntax {

/// Descends into a well-formed text, and has `Tree` make its nodes.
template <class Tree>
class parser {
public:
    parser(std::string_view text, Tree& into) : rest_(text), into_(into) {}

    void parse() {
        while (!rest_.empty()) {
            line_ = rest_.substr(0, rest_.find('\n'));
            skip("v");
            const std::size_t slot = digits();
            skip("=");
            const expression value = parse_expression();
            skip(";\n");
            into_.append({{line_, line_}, slot, value, nullptr});
        }
    }

private:
    expression parse_expression() {
        const std::string_view from = rest_;
        const auto here = [&] { return node{from.substr(0, from.size() - rest_.size()), line_}; };
        switch (rest_.front()) {
        case 'v': {
            skip("v");
            const std::size_t slot = digits();
            return into_.make(variable{here(), slot});
        }
        case '-': {
            skip("-");
            const expression of = parse_expression();
            return into_.make(negation{here(), of});
        }
        case 'm': {
            skip("min(");
            std::array<expression, 3> of;
            for (expression& each : of) { each = part(); }
            return into_.make(extreme{here(), from.starts_with("max"), of});
        }
        case '(': {
            skip("(");
            const expression first = parse_expression();
            const char sign = rest_.front();
            skip("+");
            const expression second = part();
            if (sign != '?') { return into_.make(operation{here(), sign, first, second}); }
            const expression third = part();
            return into_.make(choice{here(), first, second, third});
        }
        default: {
            const word value = digits();
            return into_.make(number{here(), value});
        }
        }
    }

    // An expression and the sign behind it.
    expression part() {
        const expression found = parse_expression();
        skip(",");
        return found;
    }

    word digits() {
        word value = 0;
        const char* const begin = rest_.data();
        const char* const end = std::from_chars(begin, begin + rest_.size(), value).ptr;
        rest_.remove_prefix(static_cast<std::size_t>(end - begin));
        return value;
    }

    // Something as long as that.
    void skip(std::string_view sign) { rest_.remove_prefix(sign.size()); }

    std::string_view rest_;
    std::string_view line_;
    Tree& into_;
};

} // namespace alloy::bench::syntax
