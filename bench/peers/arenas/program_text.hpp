// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::program_text`: a program to be parsed.
///
///     v3=((v1+42)*max(v2,7,-v3));
///     v1=(v3?v2:v0*9);

#include "peers/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace alloy::bench {

/// Assignments to 64 variables, of random depth.
class program_text {
public:
    explicit program_text(std::uint64_t assignments) {
        for (std::uint64_t i = 0; i < assignments; ++i) {
            variable();
            text_ += '=';
            expression(5);
            text_ += ";\n";
        }
    }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    void expression(int depth) {
        switch (random_.below(depth > 0 ? 10 : 4)) {
        case 0:
            text_ += std::to_string(random_.below(1000));
            break;
        case 1:
        case 2:
            variable();
            break;
        case 3:
            text_ += '-';
            expression(0);
            break;
        case 4:
            listed(std::array{"min(", ",", ",", ")"}, depth - 1);
            break;
        case 5:
            listed(std::array{"max(", ",", ",", ")"}, depth - 1);
            break;
        case 6:
            listed(std::array{"(", "?", ":", ")"}, depth - 1);
            break;
        case 7:
            listed(std::array{"(", "*", ")"}, depth - 1);
            break;
        default:
            listed(std::array{"(", "+", ")"}, depth - 1);
            break;
        }
    }

    // Expressions between the signs.
    template <class Signs>
    void listed(const Signs& signs, int depth) {
        text_ += signs.front();
        for (std::size_t i = 1; i < signs.size(); ++i) {
            expression(depth);
            text_ += signs[i];
        }
    }

    void variable() { text_ += 'v' + std::to_string(random_.below(64)); }

    random_numbers random_{0};
    std::string text_;
};

} // namespace alloy::bench
