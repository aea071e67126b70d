// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What life/statics.cpp and its second translation unit share: objects that allocate and
/// release in their constructors and destructors, whenever those run.

#include <alloy/preset.hpp>

#include <cstdio>
#include <cstdlib>
#include <list>

namespace alloy::test {

/// Fails the program at once: it may be past main, where no framework listens.
inline void require(bool good, const char* what) {
    if (good) { return; }
    std::fprintf(stderr, "statics: %s\n", what);
    std::_Exit(1);
}

/// Constructors and destructors seen so far, and threads.
inline constinit int began = 0;
inline constinit int ended = 0;

/// Allocates and releases in a process-wide pool and in a process-wide composition of several.
inline void use_pools() {
    const auto fill = [](auto allocator) {
        std::list<long, decltype(allocator)> list(100, 7, allocator);
        list.pop_front();
        require(list.size() == 99 && list.back() == 7, "a list lost its nodes");
    };
    fill(pool_allocator<long>{});
    fill(bitmap_allocator<long>{});
}

/// Holds memory all its life, hands one block to the peer, and releases the peer's.
class eventful {
public:
    /// @param given  Where this object leaves a block for its peer.
    /// @param taken  Where the peer leaves one, before or after this constructor.
    eventful(long*& given, long*& taken) : taken_(&taken) {
        use_pools();
        given = pool_allocator<long>{}.allocate(1);
        *given = 42;
        ++began;
    }
    eventful(const eventful&) = delete;
    eventful& operator=(const eventful&) = delete;

    ~eventful() {
        use_pools();
        require(*taken_ != nullptr && **taken_ == 42, "a block did not outlive its maker");
        pool_allocator<long>{}.deallocate(*taken_, 1);
        require(own_.size() == 50 && own_.back() == 3, "a static container lost its nodes");
        ++ended;
    }

private:
    long** taken_;
    std::list<int, pool_allocator<int>> own_ = std::list<int, pool_allocator<int>>(50, 3);
};

/// One block from either side to the other.
inline constinit long* from_first = nullptr;
inline constinit long* from_second = nullptr;

} // namespace alloy::test
