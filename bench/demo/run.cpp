// SPDX-License-Identifier: BSL-1.0

#include "run.hpp"

#include "answers.hpp"
#include "image.hpp"
#include "measurement_json.hpp"
#include "support/process.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <malloc.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace alloy::bench {
namespace {

constexpr std::string_view internal_option = "--internal-run";

// A damaged list may be endless; no run takes a tenth of this.
constexpr unsigned seconds_at_most = 600;

template <class Result>
Result run(const contender& who, std::string_view kind, int image, int to) {
    const std::string index = std::to_string(&who - contenders().data());
    const std::vector<std::string> arguments{std::string(internal_option), std::string(kind), index,
                                             std::to_string(image), std::to_string(to)};
    try {
        return nlohmann::json::parse(output_of_self(arguments)).get<Result>();
    } catch (const std::exception& error) {
        throw run_failed(fmt::format("a run of {} failed: {}", who.name, error.what()));
    }
}

} // namespace

measurement run_timed(const contender& who, int image, int answers) {
    return run<measurement>(who, "timed", image, answers);
}

demand run_counted(const contender& who, int image) {
    return run<demand>(who, "counted", image, -1);
}

std::optional<int> serve(std::span<char* const> arguments) {
    if (arguments.size() != 6 || arguments[1] != internal_option) { return {}; }
    const auto number = [&](std::size_t at) { return std::atoi(arguments[at]); };
    try {
        ::alarm(seconds_at_most);
        const contender& who = contenders()[static_cast<std::size_t>(number(3))];
        const mapping corpus(number(4));
        const std::vector<source> from = read_image(corpus);
        answers to(number(5));
        // What was freed so far shall not count as memory that the index did not need.
        ::malloc_trim(0);
        const nlohmann::json result = std::string_view(arguments[2]) == "timed"
                                          ? nlohmann::json(who.timed(from, to))
                                          : nlohmann::json(who.counted(from));
        fmt::print("{}\n", result.dump());
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return EXIT_FAILURE;
    }
}

} // namespace alloy::bench
