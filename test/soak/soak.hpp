// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What the soak programs share: how much, from which seed, and a process to fail in.
///
///     ALLOY_SOAK=100 ALLOY_SEED=7 test_soak_model
///
/// `ALLOY_SOAK` multiplies the amount; 1 is what every run of the tests does. `ALLOY_SEED` repeats
/// a run; without it the seed is the same in every test and another in every soak.

#include <alloy/core/layout.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/secret.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(ALLOY_HAS_ASAN)
/// Thousands of children die on purpose, and each would start a symbolizer.
extern "C" [[gnu::used]] inline const char* __asan_default_options() {
    return "allocator_may_return_null=1:symbolize=0:handle_abort=0";
}
#endif

namespace alloy::test {

/// The number that an environment variable says, or `otherwise`.
[[nodiscard]] inline std::uint64_t said(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable); // NOLINT(concurrency-mt-unsafe)
    std::uint64_t number = otherwise;
    if (text != nullptr) { std::from_chars(text, text + std::strlen(text), number); }
    return number;
}

/// How often everything is done: 1 in a test, more in a soak.
[[nodiscard]] inline std::uint64_t soak() {
    static const std::uint64_t factor = said("ALLOY_SOAK", 1);
    return factor;
}

/// What a slow build leaves out: nothing, nine in ten, or 99 in 100.
[[nodiscard]] constexpr std::uint64_t thinned(std::uint64_t amount) {
#if !defined(__OPTIMIZE__)
    amount /= 10;
#endif
#if defined(ALLOY_HAS_ASAN) || defined(__SANITIZE_THREAD__) || defined(_GLIBCXX_DEBUG)
    amount /= 10;
#endif
    return amount;
}

/// What all random choices of this run follow from.
[[nodiscard]] inline std::uint64_t seed() {
    static const std::uint64_t drawn =
        said("ALLOY_SEED", soak() == 1 ? 20261121 : detail::draw_seed());
    return drawn;
}

/// Random numbers for the nth operation of a run, which need none of those before.
class dice {
public:
    explicit constexpr dice(std::uint64_t seed, std::uint64_t n = 0) noexcept
        : state_(detail::scattered(seed + n * detail::golden)) {}

    /// A number below `n`. @source D. E. Knuth's MMIX generator, its high bits alone.
    [[nodiscard]] constexpr std::size_t below(std::size_t n) noexcept {
        state_ = state_ * 6364136223846793005 + 1442695040888963407;
        return static_cast<std::size_t>(((state_ >> 32U) * n) >> 32U);
    }

private:
    std::uint64_t state_;
};

/// Says now and then how far a long run has come.
inline void progress(const char* what, std::uint64_t done) {
    static std::time_t next = std::time(nullptr) + 10;
    if (std::time(nullptr) < next) { return; }
    next = std::time(nullptr) + 10;
    std::fprintf(stderr, "%s: %llu\n", what, static_cast<unsigned long long>(done));
}

/// How far a child has come; it outlives the child.
struct notes {
    std::uint64_t step = 0;
    std::uint64_t run = 0; ///< Where a step alone does not say it.
};
[[nodiscard]] inline volatile notes& noted() {
    static auto* const shared = static_cast<notes*>(
        ::mmap(nullptr, sizeof(notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return *shared;
}

/// How a child ended, and what it left behind.
struct outcome {
    int status = 0;             ///< As waitpid() says.
    notes last;                 ///< As it noted.
    char printed[8192]{};       ///< To stdout and stderr. // NOLINT(*-avoid-c-arrays)
    std::size_t characters = 0; ///< How many; those that do not fit are dropped.

    [[nodiscard]] bool clean() const { return status == 0 && characters == 0; }
    [[nodiscard]] bool aborted() const {
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    }
    [[nodiscard]] bool says(const char* text) const {
        return std::strstr(static_cast<const char*>(printed), text) != nullptr;
    }
};

/// Calls `work` in a process of its own, silenced after `seconds`. What it prints is kept.
template <class Work>
[[nodiscard]] outcome in_child(Work work, unsigned seconds = 0) {
    outcome end;
    noted().step = 0;
    noted().run = 0;
    int pipe[2] = {}; // NOLINT(*-avoid-c-arrays)
    if (::pipe(pipe) != 0) { std::abort(); }
    static_cast<void>(std::fflush(stdout));
    const pid_t child = ::fork();
    if (child < 0) { std::abort(); }
    if (child == 0) {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        ::dup2(pipe[1], STDOUT_FILENO);
        ::dup2(pipe[1], STDERR_FILENO);
        ::close(pipe[0]);
        ::close(pipe[1]);
        ::alarm(seconds);
        work();
        static_cast<void>(std::fflush(stdout));
        ::_exit(0);
    }
    ::close(pipe[1]);
    char rest[512]; // NOLINT(*-avoid-c-arrays)
    for (;;) {
        const std::size_t room = sizeof end.printed - 1 - end.characters;
        const ssize_t n = room != 0 ? ::read(pipe[0], end.printed + end.characters, room)
                                    : ::read(pipe[0], rest, sizeof rest);
        if (n <= 0) { break; }
        if (room != 0) { end.characters += static_cast<std::size_t>(n); }
    }
    ::close(pipe[0]);
    if (::waitpid(child, &end.status, 0) != child) { std::abort(); }
    end.last.step = noted().step;
    end.last.run = noted().run;
    return end;
}

} // namespace alloy::test
