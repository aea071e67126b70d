// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/misuse.hpp>

#include "support/unit_test.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;

namespace {

constexpr std::array kinds{misuse::double_release,
                           misuse::foreign_release,
                           misuse::wrong_size,
                           misuse::wrong_align,
                           misuse::overflow,
                           misuse::underflow,
                           misuse::write_after_release,
                           misuse::forged_link,
                           misuse::late_request,
                           misuse::precondition,
                           misuse::leak};
static_assert(kinds.back() == misuse{kinds.size() - 1}, "the last kind is the last");
static_assert(name_of(misuse::leak) == "leak" && name_of(misuse{99}) == "misuse");

/// How a child ended, and what it printed.
struct ending {
    int status = 0;
    std::string printed;

    [[nodiscard]] bool aborted() const {
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    }
};

template <class Call>
ending in_a_child(Call call) {
    std::array<int, 2> ends{};
    BOOST_TEST_REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL); // the test framework's own handler would print too
        ::dup2(ends[1], STDERR_FILENO);
        call();
        _exit(0);
    }
    ::close(ends[1]);
    ending seen;
    std::array<char, 256> part{};
    for (ssize_t n = 0; (n = ::read(ends[0], part.data(), part.size())) > 0;) {
        seen.printed.append(part.data(), static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
    BOOST_TEST(::waitpid(child, &seen.status, 0) == child);
    return seen;
}

ending report_in_a_child(const incident& what) {
    return in_a_child([&] { detail::report_misuse(what); });
}

const void* at(std::uintptr_t where) { return reinterpret_cast<const void*>(where); }

incident last{misuse::leak, nullptr};
void keep(const incident& what) noexcept { last = what; }
void ignore(const incident& /*what*/) noexcept {}

} // namespace

BOOST_AUTO_TEST_CASE(names_every_kind_by_a_name_of_its_own) {
    std::set<std::string_view> names{name_of(misuse{99})};
    for (const misuse kind : kinds) { BOOST_TEST(names.insert(name_of(kind)).second); }
}

BOOST_AUTO_TEST_CASE(prints_all_that_is_known_in_one_line_and_aborts) {
    const ending all = report_in_a_child({.kind = misuse::wrong_size,
                                          .at = at(0x7f001230),
                                          .said = {24, 8},
                                          .known = {40, 16},
                                          .where = at(0x7f00125a),
                                          .released_from = at(0x55550000),
                                          .seed = UINT64_MAX});
    BOOST_TEST(all.aborted());
    BOOST_TEST(all.printed == "alloy: wrong size at 0x7f001230, released as 24 bytes aligned to 8, "
                              "a block of 40 bytes aligned to 16, first wrong byte at 0x7f00125a, "
                              "released before by 0x55550000, seed 18446744073709551615\n");
    const ending longest = report_in_a_child({.kind = misuse::write_after_release,
                                              .at = at(UINTPTR_MAX),
                                              .said = {SIZE_MAX, SIZE_MAX},
                                              .known = {SIZE_MAX, SIZE_MAX},
                                              .where = at(UINTPTR_MAX),
                                              .released_from = at(UINTPTR_MAX),
                                              .seed = UINT64_MAX});
    BOOST_TEST(longest.aborted());
    BOOST_TEST(longest.printed.ends_with(", seed 18446744073709551615\n"));
}

BOOST_AUTO_TEST_CASE(says_it_in_the_words_of_its_kind) {
    BOOST_TEST(report_in_a_child({.kind = misuse::leak, .known = {500, 1}, .blocks = 3}).printed ==
               "alloy: leak of 3 blocks, 500 bytes\n");
    BOOST_TEST(report_in_a_child({.kind = misuse::late_request, .said = {24, 8}}).printed ==
               "alloy: late request, for 24 bytes aligned to 8\n");
    BOOST_TEST(report_in_a_child({.kind = misuse::precondition, .what = "at != nullptr"}).printed ==
               "alloy: broken precondition: at != nullptr\n");
    BOOST_TEST(report_in_a_child({.kind = misuse::leak,
                                  .at = at(0x10),
                                  .known = {8, 4},
                                  .asked_from = at(0x20),
                                  .type = "node",
                                  .policy = "checked<pool16<>>"})
                   .printed == "alloy: leak at 0x10, a block of 8 bytes aligned to 4 for node, "
                               "asked for by 0x20, in checked<pool16<>>\n");
}

BOOST_AUTO_TEST_CASE(leaves_out_what_is_not_known) {
    for (const misuse kind : kinds) {
        const ending seen = report_in_a_child({kind, at(0x10)});
        BOOST_TEST(seen.aborted());
        BOOST_TEST(seen.printed == "alloy: " + std::string(name_of(kind)) + " at 0x10\n");
    }
}

BOOST_AUTO_TEST_CASE(tells_the_handler_that_was_set_last_instead_and_goes_on) {
    const misuse_handler first = on_misuse(keep);
    detail::report_misuse({misuse::overflow, at(0x20), {1, 2}, {3, 4}, at(0x23), nullptr, 5});
    BOOST_TEST((last.kind == misuse::overflow && last.at == at(0x20) && last.where == at(0x23)));
    BOOST_TEST((last.said == layout{1, 2} && last.known == layout{3, 4} && last.seed == 5));
    BOOST_TEST(on_misuse(ignore) == keep);
    detail::report_misuse({misuse::leak, at(0x30)});
    BOOST_TEST(last.at == at(0x20));
    BOOST_TEST(on_misuse(nullptr) == ignore); // null brings the first one back
    BOOST_TEST(on_misuse(first) == first);
    BOOST_TEST(report_in_a_child({misuse::leak, at(0x30)}).aborted());
}

BOOST_AUTO_TEST_CASE(keeps_what_fits_of_a_line_that_is_too_long) {
    const ending seen = in_a_child([] {
        detail::message line;
        for (int i = 0; i < 200; ++i) { line << "1234567"; }
        line.write_to_stderr();
    });
    BOOST_TEST(seen.status == 0);
    BOOST_TEST(seen.printed.size() == 1024U);
    BOOST_TEST(seen.printed.ends_with("1\n"));
}
