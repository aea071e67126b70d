// SPDX-License-Identifier: BSL-1.0

#include "progress.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <string>

namespace alloy::bench {

void progress::step(std::string_view doing, std::string_view with, int round) {
    if (!shown_) { return; }
    const std::string which = round > 0 ? fmt::format("round {}: ", round) : "";
    fmt::print(stderr, "\r\x1b[K{}{} {}", which, doing, with);
    std::fflush(stderr);
    drawn_ = true;
}

void progress::erase() {
    if (!drawn_) { return; }
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
    drawn_ = false;
}

} // namespace alloy::bench
