// SPDX-License-Identifier: BSL-1.0

#include "terminal.hpp"

#include <clocale>
#include <cstdlib>
#include <langinfo.h>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace alloy::bench {
namespace {

std::string_view environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

} // namespace

look look_of_stdout() {
    look result;
    std::setlocale(LC_CTYPE, "");
    result.unicode = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
    if (::isatty(STDOUT_FILENO) != 0) {
        winsize size{};
        if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
            result.columns = size.ws_col;
        }
        result.colours = environment("NO_COLOR").empty() && environment("TERM") != "dumb";
    }
    return result;
}

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) != 0 && environment("TERM") != "dumb"; }

} // namespace alloy::bench
