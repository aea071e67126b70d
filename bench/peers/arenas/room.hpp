// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::room`: room for an object whose destructor may never run.

namespace alloy::bench {

/// Whoever constructs the object has a kit free it: an arena does so without its destructor.
template <class T>
union room {
    room() noexcept {}
    room(const room&) = delete;
    room& operator=(const room&) = delete;
    ~room() {}

    T object;
};

} // namespace alloy::bench
