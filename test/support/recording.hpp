// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::recording`: what guards report, kept instead of printed.

#include <alloy/core/misuse.hpp>
#include <alloy/core/sanitize.hpp>

#include "unit_test.hpp"

#include <cstddef>
#include <vector>

namespace alloy::test {

/// While it lives, what is reported goes here.
class recording {
public:
    recording() : before_(on_misuse([](const incident& what) noexcept { seen.push_back(what); })) {
        seen.clear();
    }
    recording(const recording&) = delete;
    recording& operator=(const recording&) = delete;
    ~recording() {
        BOOST_TEST(seen.empty(), "a misuse was reported that nobody expects");
        on_misuse(before_);
    }

    /// The one incident since the last look, which is of this kind, and of this block.
    static incident only(misuse kind, const void* at, layout known) {
        BOOST_TEST_REQUIRE(seen.size() == 1U);
        const incident what = seen.front();
        seen.clear();
        BOOST_TEST_REQUIRE(name_of(what.kind) == name_of(kind));
        BOOST_TEST(what.at == at);
        BOOST_TEST((what.known == known));
        return what;
    }
    static bool quiet() { return seen.empty(); }
    static inline std::vector<incident> seen{};

private:
    misuse_handler before_;
};

/// Changes the bits that `mask` has, even where AddressSanitizer would not let it.
inline void spoil(std::byte* at, std::byte mask = std::byte{0xFF}) {
    detail::write_kept(at, detail::read_kept(at) ^ mask);
}

} // namespace alloy::test
