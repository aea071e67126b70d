// SPDX-License-Identifier: BSL-1.0

#include "provenance.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <fstream>
#include <string_view>
#include <thread>

namespace alloy::bench {
namespace {

std::string processor_name() {
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("model name")) { return line.substr(line.find(':') + 2); }
    }
    return "unknown";
}

constexpr bool optimised_build() {
#ifdef __OPTIMIZE__
    return true;
#else
    return false;
#endif
}

std::string compiler_name() {
#ifdef __clang__
    return __VERSION__;
#else
    return "GCC " __VERSION__;
#endif
}

std::string library_name() {
#ifdef _LIBCPP_VERSION
    return fmt::format("libc++ {}", _LIBCPP_VERSION);
#else
    return fmt::format("libstdc++ {}", __GLIBCXX__);
#endif
}

// ./dev knows it, as git does at that moment; a build would remember an older one.
std::string commit_name() {
    const char* const said = std::getenv("ALLOY_COMMIT");
    return said == nullptr || *said == '\0' ? "unknown" : said;
}

} // namespace

provenance provenance_of_this() {
    double load = 0;
    static_cast<void>(::getloadavg(&load, 1));
    return {.compiler = compiler_name(),
            .library = library_name(),
            .build = ALLOY_BENCH_BUILD,
            .commit = commit_name(),
            .optimised = optimised_build(),
            .processor = processor_name(),
            .cores = std::thread::hardware_concurrency(),
            .load = load};
}

} // namespace alloy::bench
