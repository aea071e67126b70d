// SPDX-License-Identifier: BSL-1.0

#include "referee.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace alloy::demo {
namespace {

// The phase that wrote byte `at`.
std::string_view phase_at(const measurement& of, std::size_t at) {
    const auto after = std::ranges::upper_bound(of.answered, at);
    const auto found = std::min(after - of.answered.begin(), std::ptrdiff_t{phases - 1});
    return phase_names[static_cast<std::size_t>(found)];
}

} // namespace

void referee::judge(const contender& who, const measurement& numbers, file_handle answers) {
    mapping text(answers.get());
    if (!first_) {
        first_.emplace(who.name, std::move(answers), std::move(text), numbers);
        return;
    }
    const std::string_view want = first_->text.bytes();
    const std::string_view got = text.bytes();
    if (want == got) { return; }
    const auto differs = std::ranges::mismatch(want, got).in1 - want.begin();
    objections_.push_back(fmt::format(
        "the answers of {} differ from those of {} from byte {} on, in {}", who.name, first_->name,
        differs, phase_at(first_->numbers, static_cast<std::size_t>(differs))));
}

} // namespace alloy::demo
