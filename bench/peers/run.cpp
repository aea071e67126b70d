// SPDX-License-Identifier: BSL-1.0

#include "run.hpp"

#include "support/process.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace alloy::bench {
namespace {

constexpr std::string_view internal_option = "--internal-run";

} // namespace

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(outcome, value, checksum, alignment)

outcome run(const entrant& of, const cell& in, std::uint64_t divisor) {
    const std::vector<std::string> arguments{std::string(internal_option),
                                             of.library,
                                             of.program,
                                             std::string(in.what->id),
                                             std::to_string(in.threads),
                                             std::to_string(divisor)};
    try {
        return nlohmann::json::parse(output_of_self(arguments)).get<outcome>();
    } catch (const std::exception& error) {
        throw run_failed(
            fmt::format("{} failed in {}: {}", of.who->name, name_of(in), error.what()));
    }
}

std::optional<int> serve(std::span<char* const> arguments) {
    if (arguments.size() < 4 || arguments[1] != internal_option) { return {}; }
    const char* const library = arguments[2];
    char* const* const rest = arguments.data() + 3;
    ::unsetenv("LD_PRELOAD");
    if (*library != '\0') { ::setenv("LD_PRELOAD", library, 1); }
    ::execv(*rest, rest);
    fmt::print(stderr, "{}: {}\n", *rest, std::strerror(errno));
    return EXIT_FAILURE;
}

} // namespace alloy::bench
