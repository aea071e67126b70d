// SPDX-License-Identifier: BSL-1.0
#include <alloy/source/malloc.hpp>
#include <alloy/source/pages.hpp>

#include "support/fixed.hpp"
#include "support/unit_test.hpp"

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <memory>

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;

namespace {

/// How a child ends that runs `call`, and that the system kills for any call but read, write and
/// the end of its thread.
template <class Call>
int without_system(Call call) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("ALLOY_SEED", "1", 1); // else `checked` draws a number, which is none of memory
        if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) { ::_exit(2); }
        ::syscall(SYS_exit, call() ? 0 : 1); // _exit would end all threads, and is not allowed
    }
    int status = -1;
    return ::waitpid(child, &status, 0) == child ? status : -1;
}

bool was_killed(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }

} // namespace

BOOST_AUTO_TEST_CASE(a_composition_over_a_fixed_region_makes_no_system_call) {
    const auto regions = std::make_unique<test::fixed>();
    BOOST_TEST(without_system([&] { return test::use_all(*regions); }) == 0);
}

BOOST_AUTO_TEST_CASE(what_takes_memory_from_the_system_is_killed_for_it) {
    BOOST_TEST(was_killed(without_system([] {
        pages<> system;
        return system.allocate({4'096, 8}) != nullptr;
    })));
    BOOST_TEST(was_killed(without_system(
        [] { return malloc_source::allocate({std::size_t{1} << 28U, 8}) != nullptr; })));
}
