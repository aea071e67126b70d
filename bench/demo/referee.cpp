// SPDX-License-Identifier: BSL-1.0

#include "referee.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <string_view>
#include <utility>

namespace alloy::bench {
namespace {

// What a phase answered.
std::string_view part(std::string_view all, const measurement& of, std::size_t which) {
    const std::size_t begin = which == 0 ? 0 : of.answered[which - 1];
    return all.substr(begin, of.answered[which] - begin);
}

} // namespace

void referee::judge(const contender& who, const measurement& numbers, file_handle answers) {
    mapping text(answers.get());
    if (!first_) {
        first_.emplace(script{who.name, std::move(answers), std::move(text), numbers});
        return;
    }
    const std::string_view want = first_->text.bytes();
    const std::string_view got = text.bytes();
    for (std::size_t which = 0; which < phases; ++which) {
        if (part(want, first_->numbers, which) != part(got, numbers, which)) {
            objections_.push_back(fmt::format("the answers of {} differ from those of {} in {}",
                                              who.name, first_->name, phase_names[which]));
            return;
        }
    }
}

} // namespace alloy::bench
