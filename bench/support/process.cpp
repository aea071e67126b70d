// SPDX-License-Identifier: BSL-1.0

#include "process.hpp"

#include "file_handle.hpp"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace alloy::bench {
namespace {

constexpr const char* self = "/proc/self/exe";

pid_t start(std::span<const std::string> arguments, int output) {
    std::vector<char*> pointers{const_cast<char*>(self)};
    for (const std::string& each : arguments) {
        pointers.push_back(const_cast<char*>(each.c_str()));
    }
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    pid_t child = -1;
    const int error = ::posix_spawn(&child, self, &actions, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        throw std::system_error(error, std::generic_category(), "starting a process");
    }
    return child;
}

std::string read_all(int from) {
    std::string all;
    std::array<char, 4096> part{};
    while (true) {
        const ssize_t got = ::read(from, part.data(), part.size());
        if (got > 0) {
            all.append(part.data(), static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EINTR) {
            return all;
        }
    }
}

} // namespace

std::string output_of_self(std::span<const std::string> arguments) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "making a pipe");
    }
    const file_handle reading(ends[0]);
    file_handle writing(ends[1]);
    const pid_t child = start(arguments, writing.get());
    { const file_handle closed = std::move(writing); }
    std::string output = read_all(reading.get());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFSIGNALED(status)) {
        throw std::runtime_error(fmt::format("it was ended by signal {} ({})", WTERMSIG(status),
                                             ::strsignal(WTERMSIG(status))));
    }
    if (WEXITSTATUS(status) != 0) {
        throw std::runtime_error(fmt::format("it ended with status {}", WEXITSTATUS(status)));
    }
    return output;
}

} // namespace alloy::bench
