// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::progress`: one line on a terminal that says what goes on; else silence.

#include <string_view>

namespace alloy::bench {

class progress {
public:
    explicit progress(bool shown) noexcept : shown_(shown) {}
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    ~progress() { erase(); }

    /// Replaces the line; `round` 0 is not shown.
    void step(std::string_view doing, std::string_view with, int round = 0);

    /// Leaves the terminal as it was.
    void erase();

private:
    bool shown_;
    bool drawn_ = false;
};

} // namespace alloy::bench
